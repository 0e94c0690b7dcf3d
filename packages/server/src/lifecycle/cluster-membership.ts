/**
 * This node's place among the nodes of several machines: the adapter over Redis or NATS, and what the log, the metrics and the
 * health routes are told of it. Made by the composition root where the configuration asks for a cluster.
 */
import type { Failure } from "@antiphon/websocket";
import type { Logger } from "pino";
import type { ClusterTransport } from "../cluster/distributed/cluster-transport.ts";
import { DistributedClusterAdapter } from "../cluster/distributed/distributed-cluster-adapter.ts";
import { NatsTransport } from "../cluster/nats/nats-transport.ts";
import { RedisTransport } from "../cluster/redis/redis-transport.ts";
import {
  type BackendSettings,
  describeCluster,
  readNatsTarget,
  readRedisSettings,
} from "../config/backend-options.ts";
import type { LostBackend } from "../http/http-api-options.ts";
import type { ClusterFigures } from "../metrics/cluster-metrics.ts";
import { CountedClusterTransport } from "../metrics/cluster-traffic.ts";
import type { Now, Scheduler } from "../pusher/scheduler.ts";

export interface ClusterMembershipOptions {
  /** With a driver other than `none`. */
  readonly settings: BackendSettings;
  readonly logger: Logger;
  readonly report: (failure: Failure) => void;
  /** Gets what is wrong with the connection to Redis or NATS, beside that it is lost. */
  readonly reportBackend: (failure: Failure) => void;
  /** The connection is lost; called before anything comes of it. */
  readonly onBackendLost: () => void;
  readonly now: Now;
  readonly scheduler: Scheduler;
}

export class ClusterMembership {
  readonly adapter: DistributedClusterAdapter;
  readonly #options: ClusterMembershipOptions;
  readonly #transport: CountedClusterTransport;
  readonly #madeAtMs: number;
  #nodesLost = 0;
  /** The last node that was given up has been told of as a failure. */
  #lossTold = false;
  /** Since when there is no connection that was there, or had been tried. */
  #awaySinceMs: number | undefined;
  /** For how long there was none, until that has been told. */
  #awayMs: number | undefined;

  constructor(options: ClusterMembershipOptions) {
    this.#options = options;
    const { settings, reportBackend, now, scheduler } = options;
    this.#madeAtMs = now();
    this.#transport = new CountedClusterTransport(createTransport(settings, reportBackend), (connected) =>
      this.#noteLink(connected),
    );
    this.adapter = new DistributedClusterAdapter({
      transport: this.#transport,
      heartbeatMs: settings.cluster.heartbeatMs,
      nodeTimeoutMs: settings.cluster.nodeTimeoutMs,
      report: (failure) => this.#report(failure),
      onInfo: (message, details) => this.#inform(message, details),
      now,
      scheduler,
    });
  }

  /** Says what this node is about to join. */
  announceStart(): void {
    const { settings, logger } = this.#options;
    const { prefix } = settings.cluster;
    logger.info(
      { cluster: describeCluster(settings), prefix, node: this.adapter.nodeId },
      "joining the cluster",
    );
  }

  /** To be told by whoever hears of the other nodes. */
  nodeJoined(node: string): void {
    this.#options.logger.info({ node, nodes: this.#nodes }, "another node has joined the cluster");
  }

  /** See {@link nodeJoined}. */
  nodeLeft(node: string): void {
    if (!this.#lossTold)
      this.#options.logger.info({ node, nodes: this.#nodes }, "a node has left the cluster");
    this.#lossTold = false;
  }

  /** See {@link nodeJoined}. */
  leadershipLost(): void {
    this.#options.logger.info({ node: this.adapter.nodeId }, "no longer leads the cluster");
  }

  /** What the health routes should hold against this node. */
  lostBackend(): LostBackend | undefined {
    const { settings, now } = this.#options;
    if (this.adapter.isConnected || settings.cluster.readyWithoutBackend) return undefined;
    // The first attempt may still be under way when this node begins to serve.
    return { backend: this.#transport.name, awayMs: now() - (this.#awaySinceMs ?? this.#madeAtMs) };
  }

  readFigures(): ClusterFigures {
    return {
      nodes: this.#nodes,
      connected: this.adapter.isConnected,
      leads: this.adapter.leads,
      nodesLost: this.#nodesLost,
      published: this.#transport.published,
      received: this.#transport.received,
    };
  }

  get #nodes(): number {
    return this.adapter.describePeers().length + 1;
  }

  #noteLink(connected: boolean): void {
    const nowMs = this.#options.now();
    if (!connected) {
      if (this.#awaySinceMs === undefined) this.#options.onBackendLost();
      this.#awaySinceMs ??= nowMs;
      return;
    }
    if (this.#awaySinceMs !== undefined) this.#awayMs = nowMs - this.#awaySinceMs;
    this.#awaySinceMs = undefined;
  }

  #report(failure: Failure): void {
    if (failure.name === "cluster-node-lost") {
      this.#nodesLost += 1;
      this.#lossTold = true;
    }
    this.#options.report(failure);
  }

  #inform(message: string, details: Readonly<Record<string, string | number>>): void {
    const awayMs = this.#awayMs;
    this.#awayMs = undefined;
    const entry = awayMs === undefined ? details : { ...details, awayMs: Math.round(awayMs) };
    this.#options.logger.info(entry, message);
  }
}

function createTransport(settings: BackendSettings, report: (failure: Failure) => void): ClusterTransport {
  return settings.cluster.driver === "nats"
    ? new NatsTransport({ target: readNatsTarget(settings), name: settings.cluster.prefix, report })
    : new RedisTransport({ settings: readRedisSettings(settings), report });
}
