/**
 * Joins the nodes of a cluster by NATS: a topic is a subject, the lease a key of JetStream. Messages go through one
 * connection, which keeps their order; what is published while there is none is lost. Made by the composition root, used by
 * the distributed cluster adapter.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Failure } from "@antiphon/websocket";
import type { Msg, NatsConnection, Subscription } from "@nats-io/transport-node";
import { natsFailures } from "../../failures/nats-failures.ts";
import type { ClusterTransport, Topic, TransportListener } from "../distributed/cluster-transport.ts";
import { KeptNatsConnection } from "./nats-connection.ts";
import { NatsLeases } from "./nats-leases.ts";
import { UnreadBytes } from "./unread-bytes.ts";
import type { NatsTarget } from "./nats-options.ts";
import { subjectOf } from "./nats-subjects.ts";

export interface NatsTransportOptions {
  readonly target: NatsTarget;
  /** As the servers list the connection. */
  readonly name: string;
  /** Gets what is the operator's to mend. */
  readonly report: (failure: Failure) => void;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

interface Interest {
  readonly topic: Topic;
  /** Absent as long as there was no connection. */
  current: { readonly connection: NatsConnection; readonly subscription: Subscription } | undefined;
}

/** Subscriptions of a new connection that are asked for in one turn of the event loop. */
const subscriptionsPerTurn = 200;

export class NatsTransport implements ClusterTransport {
  readonly name = "NATS";
  readonly #prefix: string;
  readonly #report: (failure: Failure) => void;
  readonly #kept: KeptNatsConnection;
  readonly #leases: NatsLeases;
  readonly #interests = new Map<string, Interest>();
  #unread: UnreadBytes | undefined;
  #listener: TransportListener | undefined;
  #isLossTold = false;

  constructor({ target, name, report, now = () => performance.now() }: NatsTransportOptions) {
    this.#prefix = target.prefix;
    this.#report = report;
    this.#kept = new KeptNatsConnection({ target, name, report });
    this.#leases = new NatsLeases({ prefix: target.prefix, replicas: target.replicas, report, now });
  }

  start(listener: TransportListener): Promise<void> {
    this.#listener = listener;
    return this.#kept.start({
      connected: (connection) => this.#subscribeAll(connection),
      disconnected: (problem) => {
        // A connection may be lost before its subscriptions are in force.
        if (this.#isLossTold) return;
        this.#isLossTold = true;
        listener.disconnected(problem);
      },
    });
  }

  /** The payload must not change until the end of the turn. */
  publish(topic: Topic, payload: Buffer): void {
    const { connection } = this.#kept;
    if (connection === undefined) return;
    const subject = subjectOf(this.#prefix, topic);
    const maxBytes = connection.info?.max_payload ?? Number.POSITIVE_INFINITY;
    if (payload.length > maxBytes) {
      const evidence = { topic: describeTopic(topic), bytes: payload.length, maxBytes };
      this.#report(natsFailures.create("cluster-nats-payload-too-large", evidence));
      return;
    }
    connection.publish(subject, payload);
    if (this.#unread?.connection !== connection) this.#unread = new UnreadBytes(connection);
    this.#unread.add(payload.length);
    if (this.#unread.isTooMuch) this.#kept.reconnect("the server does not read what is published");
  }

  subscribe(topic: Topic): void {
    const subject = subjectOf(this.#prefix, topic);
    if (this.#interests.has(subject)) return;
    const interest: Interest = { topic, current: undefined };
    this.#interests.set(subject, interest);
    const { connection } = this.#kept;
    if (connection !== undefined) this.#subscribeTo(connection, subject, interest);
  }

  unsubscribe(topic: Topic): void {
    const subject = subjectOf(this.#prefix, topic);
    const interest = this.#interests.get(subject);
    if (interest === undefined) return;
    this.#interests.delete(subject);
    interest.current?.subscription.unsubscribe();
  }

  async holdLease(name: string, owner: string, ttlMs: number): Promise<boolean> {
    const { connection } = this.#kept;
    return connection !== undefined && this.#leases.hold(connection, name, owner, ttlMs);
  }

  async releaseLease(name: string, owner: string): Promise<void> {
    const { connection } = this.#kept;
    if (connection !== undefined) await this.#leases.release(connection, name, owner);
  }

  reconnect(): void {
    this.#kept.reconnect();
  }

  async stop(): Promise<void> {
    await this.#kept.stop();
  }

  /** The server has everything when it answers what was sent last. */
  async #subscribeAll(connection: NatsConnection): Promise<void> {
    let left = subscriptionsPerTurn;
    for (const [subject, interest] of this.#interests) {
      // Some may have been asked for in the meantime.
      if (interest.current?.connection === connection) continue;
      this.#subscribeTo(connection, subject, interest);
      left -= 1;
      if (left > 0) continue;
      left = subscriptionsPerTurn;
      await nextTurn();
      if (this.#kept.connection !== connection) return;
    }
    try {
      await connection.flush();
    } catch {
      // The connection is lost, which is told as such.
      return;
    }
    if (this.#kept.connection !== connection) return;
    this.#isLossTold = false;
    this.#listener?.connected();
  }

  #subscribeTo(connection: NatsConnection, subject: string, interest: Interest): void {
    const { topic } = interest;
    const subscription = connection.subscribe(subject, {
      // An error is a refusal of the server, which is reported for the whole connection.
      callback: (error, message) => {
        if (error === null) this.#receive(topic, message);
      },
    });
    interest.current = { connection, subscription };
  }

  #receive(topic: Topic, { data }: Msg): void {
    try {
      this.#listener?.received(topic, Buffer.from(data.buffer, data.byteOffset, data.byteLength));
    } catch (error) {
      // A mistake of the listener would end the client's reading for good: raised where mistakes are raised.
      process.nextTick(() => {
        throw error;
      });
    }
  }
}

/** For logs: the name of a control topic, never that of a channel. */
function describeTopic(topic: Topic): string {
  return topic.kind === "channel" ? "a channel" : topic.name;
}
