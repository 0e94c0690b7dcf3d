/**
 * Reads what the nodes log: who leads, who has joined whom, what failed, and which node let which client in. A browser cannot
 * know its node: it sees only the proxy, and not even the header fields of its handshake. The node knows, and says so.
 */

/** Sockets whose node is remembered. */
const keptSockets = 1000;
const findTimeoutMs = 3000;
/** Nodes name each other by ids that are new with every start. */
const nodeId = /\b([0-9a-f]{32})(?:-\d+)?\b/g;

/** What is told of an entry, by its message. */
const descriptions = new Map([
  ["another node has joined the cluster", ({ node, nodes }) => ({ text: `sees ${node}: ${nodes} nodes` })],
  ["a node has left the cluster", ({ node, nodes }) => ({ text: `sees ${node} leave: ${nodes} nodes` })],
  ["leads the cluster", () => ({ text: "leads now: it raises the webhooks for all" })],
  ["no longer leads the cluster", () => ({ text: "leads no longer" })],
  ["connected to the other nodes", describeReturn],
]);

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
    this.#learn(name, entry);
    const describe = descriptions.get(entry.msg) ?? describeFailure;
    const told = describe(entry);
    if (told === undefined) return;
    this.#journal.add(name, this.#nameNodes(told.text), told.tone);
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

  #learn(name, { msg, node, socketId }) {
    if (msg === "client connected") this.#place(socketId, name);
    if (msg === "joining the cluster") this.#names.set(node.split("-")[0], name);
    if (msg === "leads the cluster") this.leader = name;
    if (msg === "no longer leads the cluster") this.ended(name);
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

/** The first connection is no news. */
function describeReturn({ awayMs }) {
  return awayMs === undefined
    ? undefined
    : { text: `is connected again, after ${awayMs} ms without`, tone: "good" };
}

/** Failures explain themselves; those of clients are not about the cluster. */
function describeFailure({ level, failure, msg }) {
  return level === "warn" && failure !== undefined ? { text: msg, tone: "bad" } : undefined;
}

function parse(line) {
  if (!line.startsWith("{")) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
