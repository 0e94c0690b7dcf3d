/**
 * The bus in the primary process: every worker has a link to it, and what one of them tells goes through here to the others,
 * in one order. The primary process keeps a replica like every node, so that it can say who is interested in a channel,
 * welcome newcomers with the state of all, and see every edge of the cluster once.
 *
 * Changes are taken in as they are read, but passed on, like publications, only after another look at all sockets. So a
 * publication finds everybody interested who was told to be subscribed before it was made: a worker tells the bus before
 * it tells the client, and what lies in any socket by the time a publication is read has been read when it is passed on.
 */
import { randomUUID } from "node:crypto";
import { createServer, type Server, type Socket } from "node:net";
import type { Failure } from "@antiphon/websocket";
import type { ClusterReplica } from "../../channels/cluster-replica.ts";
import { clusterFailures } from "../../failures/cluster-failures.ts";
import { collectChanges } from "../announcement-batch.ts";
import { type PublicationTarget, readPublicationTarget } from "../publication-encoding.ts";
import { type BusFrame, frameKinds } from "./bus-frame.ts";
import { BusLink, type BusProblem } from "./bus-link.ts";
import { type BusMessage, decodeMessage, encodeMessage, type ForwardedOccurrence } from "./bus-message.ts";

export interface BusServerOptions {
  readonly replica: ClusterReplica;
  /** The nodes with somebody in the channel. */
  readonly interestedNodes: (appId: string, channel: string) => Iterable<string>;
  /** A worker saw this, and leaves it to the primary process. */
  readonly onOccurrence: (appId: string, occurrence: ForwardedOccurrence) => void;
  readonly report: (failure: Failure) => void;
}

interface Worker {
  readonly link: BusLink;
  /** Once it has said hello. */
  nodeId: string | undefined;
}

/** Something to pass on: a publication to those who are interested by then, anything else to all others. */
interface Onward {
  readonly from: Worker;
  readonly bytes: Buffer;
  readonly target: PublicationTarget | undefined;
}

export class BusServer {
  readonly #options: BusServerOptions;
  readonly #server: Server;
  readonly #workers = new Map<string, Worker>();
  readonly #links = new Set<BusLink>();
  /** What was read in this turn, to be passed on. */
  readonly #arrived: Onward[] = [];
  /** What was read in the turn before. */
  readonly #ripe: Onward[] = [];
  readonly #idleWaiters: (() => void)[] = [];
  /** The primary process as a node that owns nothing; cached events are told in its name. */
  readonly #nodeId = randomUUID();

  constructor(options: BusServerOptions) {
    this.#options = options;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /** Listens on a Unix socket, or a named pipe on Windows. Rejects with Node's error if it cannot. */
  start(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(path, () => {
        this.#server.off("error", reject);
        resolve();
      });
    });
  }

  /** Resolves once every worker has left the bus, and everything it told has been taken in. */
  async idle(): Promise<void> {
    if (this.#links.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#idleWaiters.push(resolve);
    });
  }

  /** Cuts what is left, and closes. */
  async stop(): Promise<void> {
    for (const link of this.#links) link.destroy();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  #accept(socket: Socket): void {
    const worker: Worker = {
      nodeId: undefined,
      link: new BusLink(socket, {
        onFrame: (frame) => this.#receive(worker, frame),
        onClose: (problem) => this.#lose(worker, problem),
      }),
    };
    this.#links.add(worker.link);
  }

  #receive(worker: Worker, frame: BusFrame): boolean {
    if (frame.kind === frameKinds.publication) return this.#route(worker, frame);
    const message = frame.kind === frameKinds.message ? decodeMessage(frame.payload) : undefined;
    return message !== undefined && this.#handle(worker, message, frame.bytes);
  }

  #route(worker: Worker, { payload, bytes }: BusFrame): boolean {
    const target = readPublicationTarget(payload);
    if (target === undefined || worker.nodeId === undefined) return false;
    this.#passOn({ from: worker, bytes, target });
    return true;
  }

  #passOn(onward: Onward): void {
    this.#arrived.push(onward);
    if (this.#arrived.length === 1) setImmediate(this.#ripen);
  }

  /** The turn in which they were read ends: it may have looked at other sockets before they were made. The next has not. */
  readonly #ripen = (): void => {
    for (const each of this.#arrived.splice(0)) this.#ripe.push(each);
    setImmediate(this.#passRipeOn);
  };

  readonly #passRipeOn = (): void => {
    for (const { from, bytes, target } of this.#ripe.splice(0)) {
      if (target === undefined) {
        this.#broadcast(bytes, from);
        continue;
      }
      for (const nodeId of this.#options.interestedNodes(target.appId, target.channel)) {
        if (nodeId !== from.nodeId) this.#workers.get(nodeId)?.link.send(bytes);
      }
    }
  };

  #passAllOn(): void {
    this.#passRipeOn();
    for (const each of this.#arrived.splice(0)) this.#ripe.push(each);
    this.#passRipeOn();
  }

  #handle(worker: Worker, message: BusMessage, bytes: Buffer): boolean {
    if (message.type === "hello") return this.#welcome(worker, message.nodeId);
    if (worker.nodeId === undefined) return false;
    switch (message.type) {
      case "changes":
        if (message.nodeId !== worker.nodeId) return false;
        this.#options.replica.changed(message.nodeId, message.appId, message.changes);
        this.#passOn({ from: worker, bytes, target: undefined });
        return true;
      case "command":
        this.#passOn({ from: worker, bytes, target: undefined });
        return true;
      case "occurrence":
        this.#options.onOccurrence(message.appId, message.occurrence);
        return true;
      default:
        return false;
    }
  }

  #welcome(worker: Worker, nodeId: string): boolean {
    const { replica } = this.#options;
    if (worker.nodeId !== undefined || this.#workers.has(nodeId)) return false;
    // The newcomer is told how things are, and not again how they came to be so.
    this.#passAllOn();
    const nodeIds = [this.#nodeId, ...replica.nodeIds];
    this.#tell(worker, { type: "welcome", nodeIds });
    for (const each of replica.nodeIds) {
      for (const portion of collectChanges(replica.describeNode(each))) {
        this.#tell(worker, { type: "changes", nodeId: each, ...portion, changes: [...portion.changes] });
      }
    }
    for (const portion of collectChanges(replica.describeCachedEvents())) {
      const changes = [...portion.changes];
      this.#tell(worker, { type: "changes", nodeId: this.#nodeId, ...portion, changes });
    }
    this.#tell(worker, { type: "synchronised" });
    this.#broadcast(encodeMessage({ type: "joined", nodeId }), worker);
    replica.nodeJoined(nodeId);
    worker.nodeId = nodeId;
    this.#workers.set(nodeId, worker);
    return true;
  }

  #lose(worker: Worker, problem: BusProblem | undefined): void {
    this.#links.delete(worker.link);
    const { nodeId } = worker;
    if (nodeId !== undefined) {
      this.#passAllOn();
      this.#workers.delete(nodeId);
      this.#broadcast(encodeMessage({ type: "left", nodeId }), worker);
      this.#options.replica.nodeLeft(nodeId);
    }
    // A link that just broke is that of a worker that has ended, which its supervisor tells.
    if (problem && problem !== "broken")
      this.#options.report(clusterFailures.create("cluster-bus-broken", { problem }));
    if (this.#links.size === 0) for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }

  #tell({ link }: Worker, message: BusMessage): void {
    link.send(encodeMessage(message));
  }

  #broadcast(bytes: Buffer, except: Worker): void {
    for (const worker of this.#workers.values()) if (worker !== except) worker.link.send(bytes);
  }
}
