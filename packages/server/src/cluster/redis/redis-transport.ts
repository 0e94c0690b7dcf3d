/**
 * Joins the nodes of a cluster by Redis: topics are channels of its publish/subscribe, sharded ones in a Redis Cluster, and
 * leases are keys. Made by the composition root, used by the distributed cluster adapter.
 */
import type { Failure } from "@antiphon/websocket";
import type { ClusterTransport, Topic, TransportListener } from "../distributed/cluster-transport.ts";
import { redisFailures } from "../../failures/redis-failures.ts";
import { RedisConnection } from "./redis-connection.ts";
import { holdRedisLease, releaseRedisLease } from "./redis-lease.ts";
import type { RedisWatch } from "./redis-link.ts";
import type { RedisSettings } from "./redis-options.ts";
import { isErrorReply, RedisProblem, toRedisProblem } from "./redis-problem.ts";
import type { RedisSession } from "./redis-session.ts";
import { RedisSubscriptions } from "./redis-subscriptions.ts";
import { RedisTopics } from "./redis-topics.ts";

export interface RedisTransportOptions {
  readonly settings: RedisSettings;
  readonly watch?: RedisWatch;
  /** Gets what is the operator's to mend: each kind once until there is a connection. */
  readonly report: (failure: Failure) => void;
}

/** What may wait for the server to read it. More, and the connection is of no use any more. */
const maxUnansweredBytes = 64 * 1024 * 1024;

/** How a server answers that takes no writes, or none of this user. */
const refusals = ["OOM", "MISCONF", "NOREPLICAS", "NOPERM"] as const;

/** For what was published last to leave, when the node stops. */
const farewellMs = 1000;

export class RedisTransport implements ClusterTransport {
  readonly name = "Redis";
  readonly #topics: RedisTopics;
  readonly #connection: RedisConnection;
  readonly #subscriptions: RedisSubscriptions;
  readonly #publishCommand: string;
  readonly #report: (failure: Failure) => void;
  #listener: TransportListener | undefined;
  #unansweredBytes = 0;
  /** That Redis takes no lease was told since it took one. */
  #isRefusalTold = false;

  constructor(options: RedisTransportOptions) {
    const { settings, watch, report } = options;
    this.#report = report;
    const isCluster = settings.deployment.kind === "cluster";
    this.#publishCommand = isCluster ? "SPUBLISH" : "PUBLISH";
    this.#topics = new RedisTopics(settings.prefix, isCluster);
    this.#subscriptions = new RedisSubscriptions({
      topics: this.#topics,
      isCluster,
      onMessage: (topic, payload) => this.#listener?.received(topic, payload),
      onRefused: (session, slot, error) => session.fail(toRedisProblem(error, session.addressOf(slot))),
    });
    this.#connection = new RedisConnection({
      settings,
      name: `${settings.prefix}-cluster`,
      keys: this.#topics.keys,
      subscribes: true,
      ...(watch !== undefined && { watch }),
      prepare: (session) => this.#subscriptions.attach(session),
      onReady: () => this.#listener?.connected(),
      onLost: (problem) => this.#listener?.disconnected(problem),
      report,
    });
  }

  async start(listener: TransportListener): Promise<void> {
    this.#listener = listener;
    await this.#connection.start();
  }

  publish(topic: Topic, payload: Buffer): void {
    const session = this.#connection.session;
    if (session === undefined) return;
    this.#subscriptions.flush();
    const { name, slot } = this.#topics.nameOf(topic);
    const bytes = payload.length;
    this.#unansweredBytes += bytes;
    const answered = (): void => void (this.#unansweredBytes -= bytes);
    const lost = (error: unknown): void => {
      answered();
      // Whatever it is, messages are lost; nothing happens if the session is over already.
      session.fail(toRedisProblem(error, session.addressOf(slot)));
    };
    session.commandsOf(slot).sendCommand([this.#publishCommand, name, payload]).then(answered, lost);
    if (this.#unansweredBytes > maxUnansweredBytes) this.#dropForSlowness(session);
  }

  subscribe(topic: Topic): void {
    this.#subscriptions.add(topic);
  }

  unsubscribe(topic: Topic): void {
    this.#subscriptions.remove(topic);
  }

  async holdLease(name: string, owner: string, ttlMs: number): Promise<boolean> {
    const held = await holdRedisLease(this.#connection, this.#topics.keyOfLease(name), owner, ttlMs);
    if (typeof held !== "boolean") {
      this.#tellRefusal(held);
      return false;
    }
    this.#isRefusalTold = false;
    return held;
  }

  releaseLease(name: string, owner: string): Promise<void> {
    return releaseRedisLease(this.#connection, this.#topics.keyOfLease(name), owner);
  }

  reconnect(): void {
    this.#connection.drop("the connection to Redis was given up");
  }

  async stop(): Promise<void> {
    this.#listener = undefined;
    await this.#sayFarewell();
    this.#connection.stop();
  }

  /** Messages pass on, so that nobody would notice otherwise. */
  #tellRefusal(problem: RedisProblem): void {
    if (this.#isRefusalTold || !refusals.some((code) => isErrorReply(problem, code))) return;
    this.#isRefusalTold = true;
    const { message } = problem;
    this.#report(
      problem.failure ?? redisFailures.create("cluster-redis-lease-refused", { problem: message }),
    );
  }

  async #sayFarewell(): Promise<void> {
    const session = this.#connection.session;
    if (session === undefined) return;
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, farewellMs);
    });
    await Promise.race([session.flush().catch(() => {}), patience]);
    clearTimeout(timer);
  }

  #dropForSlowness(session: RedisSession): void {
    session.fail(new RedisProblem(`Redis has not read ${maxUnansweredBytes} bytes that were published`));
  }
}
