/**
 * A node's place in a cluster over several machines, whatever server joins them: a `ClusterTransport` below carries bytes, a
 * `ClusterListener` above owns and copies state. Nothing is stored between the nodes. Each tells its changes, numbered, and
 * that it lives; each follows the others by those numbers, and reads all of a node of which it missed something. This class
 * joins the parts, which are beside it, and sends each message to the one whose it is.
 */
import type { Failure } from "@antiphon/websocket";
import type { ChannelOccurrence } from "../../channels/channel-hub.ts";
import { distributedClusterFailures } from "../../failures/distributed-cluster-failures.ts";
import { channelTypeOf } from "../../pusher/channel-name.ts";
import type { Now, Scheduler } from "../../pusher/scheduler.ts";
import type { ClusterAdapter, ClusterCommand, ClusterListener, Publication } from "../cluster-adapter.ts";
import { decodePublication, encodePublication } from "../publication-encoding.ts";
import type { StateChange } from "../state-change.ts";
import { Announcer } from "./announcer.ts";
import type { ClusterTransport, Topic, TransportListener } from "./cluster-transport.ts";
import { Interest } from "./interest.ts";
import { InvalidMessages } from "./invalid-messages.ts";
import { Joining } from "./joining.ts";
import { Leadership } from "./leadership.ts";
import { createIdentity, type NodeIdentity, nodeIdOf } from "./node-identity.ts";
import { Peers, type PeerStatus } from "./peers.ts";
import { Pulse } from "./pulse.ts";
import { SnapshotSource } from "./snapshot-source.ts";
import { channelTopic, inboxTopic, leaderTopic, stateTopic } from "./topics.ts";
import { headerBytes, isSentBy, readKind, readSender, wireKinds, writeHeader } from "./wire-header.ts";
import {
  decodeMessage,
  encodeMessage,
  encodePortion,
  maxMessageBytes,
  type SnapshotRequest,
  type WireMessage,
} from "./wire-message.ts";

export interface DistributedClusterOptions {
  /** Not started yet; the adapter starts and stops it. */
  readonly transport: ClusterTransport;
  /** How often a node says that it lives. */
  readonly heartbeatMs: number;
  /** Who was not heard for so long is dead; several heartbeats. Also how long a leader leads without renewing. */
  readonly nodeTimeoutMs: number;
  readonly report: (failure: Failure) => void;
  /** Gets what went well, for the log. */
  readonly onInfo?: (message: string, details: Readonly<Record<string, string | number>>) => void;
  /** A clock that nobody sets. */
  readonly now: Now;
  readonly scheduler: Scheduler;
  /** `start` waits no longer than this for the other nodes; 5 s if left out. */
  readonly startTimeoutMs?: number;
  /** Runs a task at the end of this turn of the event loop; left out, `setImmediate` does. */
  readonly defer?: (task: () => void) => void;
}

const defaultStartTimeoutMs = 5000;

/** Within this many intervals every node was heard that lives. */
const listenHeartbeats = 1.25;

/** Own messages take no longer to come back than this many intervals. */
const stalledHeartbeats = 3;

export class DistributedClusterAdapter implements ClusterAdapter, TransportListener {
  readonly isAlone = false;
  readonly #options: DistributedClusterOptions;
  readonly #transport: ClusterTransport;
  readonly #announcer: Announcer;
  readonly #interest: Interest;
  readonly #leadership: Leadership;
  readonly #pulse: Pulse;
  readonly #joining: Joining;
  readonly #invalid: InvalidMessages;
  #identity: NodeIdentity = createIdentity();
  readonly #instance = Buffer.from(this.#identity.instance, "hex");
  #state: "new" | "connecting" | "connected" | "disconnected" | "stopped" = "new";
  /** Set once the adapter has started, as are the two that work with it. */
  #listener: ClusterListener | undefined;
  #peers: Peers | undefined;
  #snapshots: SnapshotSource | undefined;

  constructor(options: DistributedClusterOptions) {
    this.#options = options;
    const { transport, heartbeatMs, nodeTimeoutMs, now, scheduler, report, defer = setImmediate } = options;
    this.#transport = transport;
    this.#announcer = new Announcer({
      transport,
      identity: () => this.#identity,
      isConnected: () => this.isConnected,
      defer,
    });
    this.#interest = new Interest(transport);
    this.#leadership = new Leadership({
      transport,
      ttlMs: nodeTimeoutMs,
      onGained: () => this.#lead(),
      onLost: () => this.#stopLeading(),
      now,
      scheduler,
    });
    this.#pulse = new Pulse({
      intervalMs: heartbeatMs,
      stalledAfterMs: Math.max(stalledHeartbeats * heartbeatMs, nodeTimeoutMs / 2),
      onBeat: (lateMs) => this.#beat(lateMs),
      now,
      scheduler,
    });
    this.#joining = new Joining({
      listenMs: listenHeartbeats * heartbeatMs,
      isSettled: () => this.#peers?.isSettled ?? false,
      onJoined: () => this.#peers?.joined(),
      scheduler,
    });
    this.#invalid = new InvalidMessages(report);
  }

  get nodeId(): string {
    return nodeIdOf(this.#identity);
  }

  get isConnected(): boolean {
    return this.#state === "connected";
  }

  /** Whether this node leads at this very moment, by its own clock. */
  get leads(): boolean {
    return this.#leadership.leads;
  }

  /** Number of the last change message that this node has sent. */
  get sequence(): number {
    return this.#announcer.sequence;
  }

  /** The other nodes, as they are known here. */
  describePeers(): PeerStatus[] {
    return this.#peers?.describe() ?? [];
  }

  /**
   * Resolves once all is known of the other nodes, or the first attempt to connect has failed, or at the latest after the start
   * time-out: then this node joins when it can. Rejects only if the transport's options can never work.
   */
  async start(listener: ClusterListener): Promise<void> {
    const { scheduler, heartbeatMs, nodeTimeoutMs, startTimeoutMs = defaultStartTimeoutMs } = this.#options;
    this.#listener = listener;
    this.#peers = new Peers({
      ...this.#options,
      listener,
      send: (instance, message) => this.#send(inboxTopic(instance), message),
      isConnected: () => this.isConnected,
      onProgress: () => this.#joining.check(),
    });
    this.#snapshots = new SnapshotSource({
      describeOwnState: () => listener.describeOwnState(),
      describeCachedEvents: (withinMs) => listener.describeCachedEvents(withinMs),
      patienceMs: Math.max(nodeTimeoutMs, 10 * heartbeatMs),
      scheduler,
    });
    this.#state = "connecting";
    this.#transport.subscribe(stateTopic);
    this.#transport.subscribe(inboxTopic(this.#identity.instance));
    this.#pulse.start();
    const joined = this.#joining.wait(startTimeoutMs);
    try {
      // Where the first attempt to connect has failed, there is nothing to wait for now.
      const attempted = this.#transport.start(this).then(() => (this.isConnected ? joined : undefined));
      await Promise.race([attempted, joined]);
    } catch (error) {
      this.#close();
      throw error;
    }
  }

  announce(appId: string, change: StateChange): void {
    if (this.#state === "stopped") return;
    this.#interest.follow(appId, change);
    this.#announcer.add(appId, change);
  }

  publish(publication: Publication): void {
    if (!this.isConnected) return;
    const bytes = encodePublication(publication, headerBytes);
    if (bytes === undefined) return;
    this.#announcer.flush();
    const { appId, channel } = publication;
    const topic = channelTypeOf(channel).cached ? stateTopic : channelTopic(appId, channel);
    this.#transport.publish(topic, writeHeader(bytes, wireKinds.publication, this.#identity));
  }

  command(command: ClusterCommand): void {
    this.#send(stateTopic, { type: "command", command });
  }

  occurred(appId: string, occurrence: ChannelOccurrence): void {
    // Every node sees its own clients' events, and nobody else does.
    if (occurrence.name === "client_event" || this.#leadership.leads) {
      this.#listener?.raise(appId, occurrence);
    } else if (occurrence.name === "cache_miss") {
      this.#send(leaderTopic, { type: "cache-miss", appId, channel: occurrence.channel });
    }
  }

  async stop(): Promise<void> {
    if (this.#state === "stopped") return;
    this.#announcer.flush();
    this.#send(stateTopic, { type: "left" });
    this.#close();
    await this.#leadership.release();
    await this.#transport.stop();
  }

  /** For the transport. */
  connected(): void {
    if (this.#state === "stopped") return;
    const { onInfo } = this.#options;
    onInfo?.("connected to the other nodes", { backend: this.#transport.name, node: this.nodeId });
    this.#state = "connected";
    this.#pulse.echoed();
    this.#peers?.reconnected();
    this.#joining.begin();
    this.#tellThatItLives();
  }

  /** For the transport. */
  disconnected(problem: string): void {
    if (this.#state === "stopped" || this.#state === "disconnected") return;
    this.#state = "disconnected";
    // Another may lead as soon as the server between them is there again, which may have forgotten the lease.
    this.#leadership.lose();
    this.#joining.interrupt();
    const backend = this.#transport.name;
    this.#options.report(distributedClusterFailures.create("cluster-backend-lost", { backend, problem }));
  }

  /** For the transport. */
  received(topic: Topic, payload: Buffer): void {
    if (this.#state === "stopped") return;
    const kind = readKind(payload);
    if (typeof kind === "string") {
      this.#invalid.add(topic, kind);
      return;
    }
    const own = isSentBy(payload, this.#instance);
    if (own) {
      if (topic.kind === "control") this.#pulse.echoed();
      return;
    }
    const understood =
      kind === wireKinds.publication ? this.#deliver(payload) : this.#read(payload, readSender(payload));
    if (!understood) this.#invalid.add(topic, "unreadable", readSender(payload).instance);
  }

  #close(): void {
    this.#state = "stopped";
    this.#pulse.stop();
    this.#joining.stop();
    this.#peers?.stop();
    this.#snapshots?.close();
  }

  #deliver(payload: Buffer): boolean {
    if (payload.length > maxMessageBytes) return false;
    const publication = decodePublication(payload.subarray(headerBytes));
    if (publication) this.#listener?.published(publication);
    return publication !== undefined;
  }

  #read(payload: Buffer, sender: NodeIdentity): boolean {
    const message = decodeMessage(payload);
    if (message) this.#handle(sender, message);
    return message !== undefined;
  }

  #handle(sender: NodeIdentity, message: WireMessage): void {
    switch (message.type) {
      case "declared-dead":
        if (message.life === this.#identity.life) this.#returnFromDead();
        break;
      case "command":
        if (this.#peers?.isAlive(sender)) this.#listener?.commanded(message.command);
        break;
      case "snapshot-request":
        if (this.#peers?.isAlive(sender)) this.#tellSnapshot(sender.instance, message);
        break;
      case "cache-miss":
        if (this.#leadership.leads) this.#listener?.cacheMissed(message.appId, message.channel);
        break;
      default:
        this.#peers?.receive(sender, message);
    }
  }

  /** What was announced before goes first, so that a portion is never older than the changes behind it. */
  #tellSnapshot(requester: string, request: SnapshotRequest): void {
    const { id, portion } = request;
    this.#announcer.flush();
    const answer = this.#snapshots?.answer(requester, request);
    if (answer === undefined) return;
    if (answer === "busy") {
      this.#send(inboxTopic(requester), { type: "snapshot-busy", id });
      return;
    }
    const { sequence } = this.#announcer;
    const knowsCache = this.#peers?.knowsCache ?? false;
    const bytes = encodePortion(this.#identity, { id, portion, sequence, knowsCache, ...answer });
    this.#transport.publish(inboxTopic(requester), bytes);
  }

  #beat(lateMs: number): void {
    const { heartbeatMs, nodeTimeoutMs, report } = this.#options;
    this.#peers?.excuse(lateMs);
    if (lateMs + heartbeatMs > nodeTimeoutMs) {
      const pausedMs = Math.round(lateMs);
      report(distributedClusterFailures.create("cluster-node-paused", { pausedMs, nodeTimeoutMs }));
      this.#liveAgain();
      // What its clients did meanwhile is still to be read: until the next beat nobody is told who is here.
      return;
    }
    if (!this.isConnected) return;
    this.#peers?.buryTheSilent();
    this.#tellThatItLives();
    if (this.#joining.joined) this.#leadership.renew(this.nodeId);
    this.#reviveConnection();
  }

  #reviveConnection(): void {
    const { stalledMs } = this.#pulse;
    if (stalledMs === undefined) return;
    const silentMs = Math.round(stalledMs);
    const backend = this.#transport.name;
    this.#options.report(
      distributedClusterFailures.create("cluster-connection-stalled", { backend, silentMs }),
    );
    this.#pulse.echoed();
    this.#transport.reconnect();
  }

  #returnFromDead(): void {
    this.#options.report(distributedClusterFailures.create("cluster-declared-dead", { node: this.nodeId }));
    this.#liveAgain();
    this.#tellThatItLives();
  }

  /** The others may have given this life up. They read all that this node holds as soon as they hear of the next one. */
  #liveAgain(): void {
    void this.#leadership.release();
    this.#identity = { ...this.#identity, life: this.#identity.life + 1 };
    this.#pulse.restart();
    this.#peers?.excuse(Number.POSITIVE_INFINITY);
    if (this.isConnected) this.#joining.begin();
  }

  #tellThatItLives(): void {
    this.#announcer.flush();
    this.#send(stateTopic, { type: "heartbeat", sequence: this.#announcer.sequence });
  }

  /** Keeps the order: what was announced before goes first. */
  #send(topic: Topic, message: WireMessage): void {
    if (!this.isConnected) return;
    this.#announcer.flush();
    this.#transport.publish(topic, encodeMessage(this.#identity, message));
  }

  #lead(): void {
    this.#options.onInfo?.("leads the cluster", { node: this.nodeId });
    this.#transport.subscribe(leaderTopic);
    this.#listener?.leadershipGained();
  }

  #stopLeading(): void {
    this.#transport.unsubscribe(leaderTopic);
    this.#listener?.leadershipLost();
  }
}
