/**
 * The other nodes of a distributed cluster, as heard: their messages in, and to the listener what it has to know of them. Each
 * is followed by the numbers of its changes; whenever one is missing, or a node is new, its snapshot is read. Who was not heard
 * for too long is given up.
 */
import type { Failure } from "@antiphon/websocket";
import { distributedClusterFailures } from "../../failures/distributed-cluster-failures.ts";
import type { Now, Scheduler } from "../../pusher/scheduler.ts";
import type { ClusterListener } from "../cluster-adapter.ts";
import { DeadNodes } from "./dead-nodes.ts";
import { type NodeIdentity, nodeIdOf } from "./node-identity.ts";
import { SnapshotReader } from "./snapshot-reader.ts";
import type { SnapshotPortion, WireMessage } from "./wire-message.ts";

export interface PeersOptions {
  readonly listener: ClusterListener;
  /** Sends to the inbox of an instance. */
  readonly send: (instance: string, message: WireMessage) => void;
  readonly isConnected: () => boolean;
  /** A node has been read to the end, or given up. */
  readonly onProgress: () => void;
  readonly report: (failure: Failure) => void;
  readonly now: Now;
  readonly scheduler: Scheduler;
  readonly heartbeatMs: number;
  readonly nodeTimeoutMs: number;
}

/** What is known of another node. */
export interface PeerStatus {
  readonly nodeId: string;
  /** Number of its last change that was heard. */
  readonly sequence: number;
  /** Everything that it has told is known here. */
  readonly synchronised: boolean;
  /** Time since it was heard. */
  readonly silentMs: number;
}

interface Peer {
  readonly identity: NodeIdentity;
  readonly reader: SnapshotReader;
  lastHeardMs: number;
  /** When all that it had told was known here last. */
  followedAtMs: number | undefined;
  sequence: number;
}

/** More nodes are not let in. */
const maxPeers = 1000;

/** Cached events are asked for from this long before the last moment at which nothing was missing. */
const cachedMarginMs = 10_000;

export class Peers {
  readonly #options: PeersOptions;
  /** By instance. */
  readonly #peers = new Map<string, Peer>();
  readonly #dead: DeadNodes;
  readonly #startedAtMs: number;
  #requests = 0;
  #isJoined = false;
  /** Who tells the cached events of before this node came: one after the other, until one has them all. */
  #cacheSource: string | undefined;
  /** Who has told them, and may not have had them all. */
  readonly #toldCache = new Set<string>();
  #knowsCache = false;

  constructor(options: PeersOptions) {
    this.#options = options;
    this.#startedAtMs = options.now();
    this.#dead = new DeadNodes(options.heartbeatMs);
  }

  /** Whether everything is known that those who were heard have told; who does not answer is not waited for. */
  get isSettled(): boolean {
    return [...this.#peers.values()].every(({ reader }) => !reader.isBusy);
  }

  /** Whether this node has the cached events of before its own time, as far as anybody has them. */
  get knowsCache(): boolean {
    return this.#knowsCache || (this.#isJoined && this.#nextCacheSource() === undefined);
  }

  describe(): PeerStatus[] {
    const nowMs = this.#options.now();
    return Array.from(this.#peers.values(), ({ identity, reader, sequence, lastHeardMs }) => ({
      nodeId: nodeIdOf(identity),
      sequence,
      synchronised: !reader.isReading,
      silentMs: nowMs - lastHeardMs,
    }));
  }

  /** Takes in what a node has sent, to all or to this one. */
  receive(sender: NodeIdentity, message: WireMessage): void {
    if (message.type === "left") {
      this.#leave(sender);
      return;
    }
    const peer = this.#hear(sender);
    if (peer === undefined) return;
    switch (message.type) {
      case "heartbeat":
        this.#follow(peer, message.sequence, peer.sequence);
        break;
      case "changes":
        if (message.sequence <= peer.sequence) return;
        this.#options.listener.changed(sender.instance, message.appId, message.changes);
        this.#follow(peer, message.sequence, peer.sequence + 1);
        break;
      case "snapshot-portion":
        peer.reader.take(message);
        break;
      case "snapshot-busy":
        peer.reader.takeBusy(message.id);
        break;
      default:
    }
  }

  /** Whether the sender is one whose life was not over; tells it if it was. */
  isAlive(sender: NodeIdentity): boolean {
    return this.#hear(sender) !== undefined;
  }

  /** Gives up who was not heard for too long. */
  buryTheSilent(): void {
    const { now, nodeTimeoutMs, report } = this.#options;
    const nowMs = now();
    for (const { identity, lastHeardMs } of this.#peers.values()) {
      const silentMs = nowMs - lastHeardMs;
      if (silentMs <= nodeTimeoutMs) continue;
      report(
        distributedClusterFailures.create("cluster-node-lost", {
          node: nodeIdOf(identity),
          silentMs: Math.round(silentMs),
        }),
      );
      this.#leave(identity);
    }
    this.#findCacheSource();
  }

  /** For so long this node could not have heard anybody. */
  excuse(ms: number): void {
    const nowMs = this.#options.now();
    for (const peer of this.#peers.values()) peer.lastHeardMs = Math.min(peer.lastHeardMs + ms, nowMs);
  }

  /** There is a connection again: everybody has the whole time to be heard, and what was being read is read anew. */
  reconnected(): void {
    this.excuse(Number.POSITIVE_INFINITY);
    for (const { reader } of this.#peers.values()) reader.resume();
  }

  /** All nodes that there are have been heard. */
  joined(): void {
    this.#isJoined = true;
    this.#findCacheSource();
  }

  stop(): void {
    for (const { reader } of this.#peers.values()) reader.cancel();
  }

  /** The peer that sent something, if it is of a life that is not over. */
  #hear(sender: NodeIdentity): Peer | undefined {
    const known = this.#peers.get(sender.instance);
    if (known?.identity.life === sender.life) {
      known.lastHeardMs = this.#options.now();
      return known;
    }
    if (known) return known.identity.life < sender.life ? this.#admit(sender, known) : undefined;
    if (this.#dead.has(sender)) {
      this.#tellDead(sender);
      return undefined;
    }
    return this.#peers.size < maxPeers ? this.#admit(sender, undefined) : undefined;
  }

  /** What the node held in a former life stays until it has told what it holds in this one. */
  #admit(identity: NodeIdentity, former: Peer | undefined): Peer {
    const { instance } = identity;
    const lastFollowedAtMs = this.#dead.forget(instance);
    const peer: Peer = {
      identity,
      reader: this.#createReader(identity),
      lastHeardMs: this.#options.now(),
      followedAtMs: former?.followedAtMs ?? lastFollowedAtMs,
      sequence: 0,
    };
    former?.reader.cancel();
    this.#peers.set(instance, peer);
    if (former === undefined) this.#options.listener.nodeJoined(instance);
    peer.reader.read();
    return peer;
  }

  #follow(peer: Peer, sequence: number, expected: number): void {
    peer.sequence = sequence;
    if (sequence !== expected) peer.reader.read();
    else if (!peer.reader.isReading) peer.followedAtMs = peer.lastHeardMs;
  }

  #tellDead(sender: NodeIdentity): void {
    if (!this.#dead.shouldTell(sender, this.#options.now())) return;
    this.#options.send(sender.instance, { type: "declared-dead", life: sender.life });
  }

  #leave(identity: NodeIdentity): void {
    const { instance } = identity;
    const peer = this.#peers.get(instance);
    if (peer === undefined || identity.life < peer.identity.life) return;
    const { listener, now, onProgress } = this.#options;
    peer.reader.cancel();
    this.#peers.delete(instance);
    this.#dead.add(identity, now(), peer.followedAtMs);
    if (this.#cacheSource === instance) this.#cacheSource = undefined;
    this.#toldCache.delete(instance);
    listener.nodeLeft(instance);
    onProgress();
  }

  #createReader(identity: NodeIdentity): SnapshotReader {
    const { instance } = identity;
    const { send, isConnected, report, scheduler, heartbeatMs } = this.#options;
    return new SnapshotReader({
      ask: (request) => send(instance, request),
      createId: () => ++this.#requests,
      isConnected,
      cachedWithinMs: () => this.#cachedWithinMs(instance),
      onPortion: (portion) => this.#apply(instance, portion),
      onDone: ({ knowsCache }) => this.#endReading(instance, knowsCache),
      onUnanswered: (attempts) => {
        const node = nodeIdOf(identity);
        report(distributedClusterFailures.create("cluster-snapshot-unanswered", { node, attempts }));
        this.#options.onProgress();
      },
      answerMs: 2 * heartbeatMs,
      scheduler,
    });
  }

  #apply(instance: string, { portion, sequence, apps }: SnapshotPortion): void {
    const peer = this.#peers.get(instance);
    if (peer === undefined) return;
    const { listener } = this.#options;
    if (portion === 0) listener.synchronising(instance);
    // What changed between two portions has been heard by now, or it is lost.
    else if (sequence > peer.sequence) peer.reader.read();
    peer.sequence = Math.max(peer.sequence, sequence);
    for (const { appId, changes } of apps) listener.changed(instance, appId, changes);
  }

  #endReading(instance: string, knowsCache: boolean): void {
    const peer = this.#peers.get(instance);
    if (peer) peer.followedAtMs = peer.lastHeardMs;
    if (this.#cacheSource === instance) {
      this.#cacheSource = undefined;
      this.#toldCache.add(instance);
      this.#knowsCache ||= knowsCache;
      this.#findCacheSource();
    }
    this.#options.listener.synchronised(instance);
    this.#options.onProgress();
  }

  /** All that there are of the one that is to tell them; of others those that may have been missed of theirs. */
  #cachedWithinMs(instance: string): number {
    if (!this.#knowsCache && !this.#toldCache.has(instance)) {
      this.#cacheSource ??= instance;
      if (this.#cacheSource === instance) return Number.MAX_SAFE_INTEGER;
    }
    const sinceMs = this.#peers.get(instance)?.followedAtMs ?? this.#startedAtMs;
    return this.#options.now() - sinceMs + cachedMarginMs;
  }

  /** Whoever told them did not know them all, as a node that starts at the same time, or died before it had come to the end. */
  #findCacheSource(): void {
    if (this.#knowsCache || this.#cacheSource !== undefined) return;
    const next = this.#nextCacheSource();
    if (next) next.reader.read();
    // Together they had all that there are. A node that never met another knows nothing of what is to come.
    else if (this.#isJoined && this.#toldCache.size > 0) this.#knowsCache = true;
  }

  #nextCacheSource(): Peer | undefined {
    for (const [instance, peer] of this.#peers) if (!this.#toldCache.has(instance)) return peer;
    return undefined;
  }
}
