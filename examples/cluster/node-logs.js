/**
 * Reads what the nodes log: who leads, who has joined whom, what failed, and which node let which client in. A browser cannot
 * know its node: it sees only the proxy, and not even the header fields of its handshake. The node knows, and says so.
 */

/** Sockets whose node is remembered. */
const keptSockets = 1000;
const findTimeoutMs = 3000;
/** Nodes name each other by ids that are new with every start. */
const nodeId = /\b([0-9a-f]{32})(?:-\d+)?\b/g;

export class NodeLogs {
  /** The name of the node that leads, as far as it was told. */
  leader;
  #journal;
  /** Name of the node by its id. */
  #names = new Map();
  /** Name of the node by the id of a socket. */
  #sockets = new Map();
  /** Who waits for a socket to be told of. */
  #waiting = new Map();

  constructor(journal) {
    this.#journal = journal;
  }

  /** Takes one line of the log of the node with this name. */
  read(name, line) {
    const entry = parse(line);
    if (entry === undefined) return;
    const tell = (text, tone) => this.#journal.add(name, this.#nameNodes(text), tone);
    switch (entry.msg) {
      case "client connected":
        return this.#place(entry.socketId, name);
      case "joining the cluster":
        this.#names.set(entry.node.split("-")[0], name);
        return;
      case "another node has joined the cluster":
        return tell(`sees ${entry.node}: ${entry.nodes} nodes`);
      case "a node has left the cluster":
        return tell(`was told that ${entry.node} leaves: ${entry.nodes} nodes`);
      case "leads the cluster":
        this.leader = name;
        return tell("leads now: it raises the webhooks for all");
      case "no longer leads the cluster":
        this.ended(name);
        return tell("leads no longer");
      case "connected to the other nodes":
        if (entry.awayMs !== undefined) tell(`is back after ${entry.awayMs} ms`, "good");
        return;
      default:
        if (entry.level === "warn" && entry.failure !== undefined) tell(entry.msg, "bad");
    }
  }

  /** To be told when a node has ended. */
  ended(name) {
    if (this.leader === name) this.leader = undefined;
  }

  /** Name of the node that let this socket in; waits a little for it, since the log may come later than the socket's owner. */
  async findNode(socketId) {
    const known = this.#sockets.get(socketId);
    if (known !== undefined) return known;
    return new Promise((resolve) => {
      this.#waiting.set(socketId, resolve);
      setTimeout(() => {
        this.#waiting.delete(socketId);
        resolve(undefined);
      }, findTimeoutMs).unref();
    });
  }

  #place(socketId, name) {
    this.#sockets.set(socketId, name);
    if (this.#sockets.size > keptSockets) this.#sockets.delete(this.#sockets.keys().next().value);
    this.#waiting.get(socketId)?.(name);
  }

  #nameNodes(text) {
    return text.replace(nodeId, (id, base) => this.#names.get(base) ?? id.slice(0, 6));
  }
}

function parse(line) {
  if (!line.startsWith("{")) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
