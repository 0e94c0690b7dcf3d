/**
 * The stores of all webhooks in JetStream: one connection, three streams for all (events that are not delivered yet, what
 * receivers were told, dead letters), and a subject in each for every webhook. Made by the composition root and by
 * `antiphon webhooks`. The streams are made when they are missing, at the first use and after they were lost.
 */
import type { Failure } from "@antiphon/websocket";
import {
  JetStreamApiError,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  type StreamConfig,
} from "@nats-io/jetstream";
import type { NatsConnection, Subscription } from "@nats-io/transport-node";
import { KeptNatsConnection } from "../../cluster/nats/nats-connection.ts";
import { describeNats, type NatsTarget } from "../../cluster/nats/nats-options.ts";
import {
  maxDeadLetters,
  type StoreAddress,
  type WebhookStore,
  type WebhookStores,
} from "../webhook-store.ts";
import { type JetStreamSession, refusalCodes } from "./jetstream-messages.ts";
import { JetStreamWebhookStore } from "./jetstream-webhook-store.ts";

export interface JetStreamWebhookStoresOptions {
  readonly target: NatsTarget;
  /** Greatest number of events in one queue; above it the oldest are dropped. */
  readonly maxEvents: number;
  /** Gets what is the operator's to mend: each kind once until the next success. */
  readonly report: (failure: Failure) => void;
}

/** What one webhook needs of it. */
export interface JetStreamAccess {
  readonly streams: { readonly queue: string; readonly told: string; readonly dead: string };
  readonly maxEvents: number;
  use<T>(work: (session: JetStreamSession) => Promise<T>): Promise<T>;
}

/** What was appended within this time is not appended again. In nanoseconds, as NATS wants it. */
const duplicateWindowNs = 10 * 60 * 1_000_000_000;

/** The limit counts for claims as well: two that are kept, and a new one. */
const leastMaxEvents = 3;

const maxBytes = { queue: 1024 ** 3, told: 256 * 1024 ** 2, dead: 256 * 1024 ** 2 } as const;

export class JetStreamWebhookStores implements WebhookStores {
  readonly name: string;
  readonly #options: JetStreamWebhookStoresOptions;
  readonly #kept: KeptNatsConnection;
  readonly #access: JetStreamAccess;
  /** Subject before the kind. */
  readonly #root: string;
  #session: { readonly connection: NatsConnection; readonly opened: Promise<JetStreamSession> } | undefined;
  readonly #watchers = new Map<string, Set<() => void>>();
  readonly #subscriptions = new Map<string, Subscription>();

  constructor(options: JetStreamWebhookStoresOptions) {
    const { target, report, maxEvents } = options;
    const { prefix } = target;
    this.#options = options;
    this.name = describeNats(target);
    this.#root = `${prefix}.webhooks`;
    this.#kept = new KeptNatsConnection({ target, name: `${prefix}-webhooks`, report });
    const name = `${prefix}-webhooks`;
    this.#access = {
      streams: { queue: `${name}-queue`, told: `${name}-told`, dead: `${name}-dead` },
      maxEvents: Math.max(leastMaxEvents, maxEvents),
      use: (work) => this.#use(work),
    };
  }

  start(): Promise<void> {
    return this.#kept.start({
      connected: (connection) => this.#watchAll(connection),
      // Every webhook that cannot use its store says so itself.
      disconnected: () => {},
    });
  }

  open({ appId, webhookId }: StoreAddress): WebhookStore {
    const address = `${Buffer.from(appId).toString("base64url")}.${webhookId}`;
    const subjects = {
      queue: `${this.#root}.queue.${address}`,
      told: `${this.#root}.told.${address}`,
      claim: `${this.#root}.claim.${address}`,
      dead: `${this.#root}.dead.${address}`,
    };
    const watch = (listener: () => void) => this.#watch(subjects.queue, listener);
    return new JetStreamWebhookStore({ access: this.#access, subjects, watch });
  }

  close(): Promise<void> {
    return this.#kept.stop();
  }

  async #use<T>(work: (session: JetStreamSession) => Promise<T>): Promise<T> {
    const { connection } = this.#kept;
    if (connection === undefined) throw new Error("there is no connection to NATS");
    if (this.#session?.connection !== connection) {
      this.#session = { connection, opened: this.#openSession(connection) };
    }
    const session = this.#session;
    try {
      return await work(await session.opened);
    } catch (error) {
      // Perhaps a stream is gone: it is looked for before the next use. A refusal says that it is there.
      const isThere = error instanceof JetStreamApiError && error.code !== refusalCodes.streamNotFound;
      if (!isThere && this.#session === session) this.#session = undefined;
      throw error;
    }
  }

  async #openSession(connection: NatsConnection): Promise<JetStreamSession> {
    const jsm = await jetstreamManager(connection);
    const { streams } = this.#access;
    const [queue, dead] = await Promise.all([
      this.#openStream(jsm, streams.queue, {
        subjects: [`${this.#root}.queue.>`, `${this.#root}.claim.>`],
        max_msgs_per_subject: this.#access.maxEvents,
        // Else the server would drop the oldest and nobody could count them.
        discard: "new",
        discard_new_per_subject: true,
        max_bytes: maxBytes.queue,
        duplicate_window: duplicateWindowNs,
      }),
      this.#openStream(jsm, streams.dead, {
        subjects: [`${this.#root}.dead.>`],
        max_msgs_per_subject: maxDeadLetters,
        max_bytes: maxBytes.dead,
        duplicate_window: duplicateWindowNs,
      }),
      this.#openStream(jsm, streams.told, {
        subjects: [`${this.#root}.told.>`],
        max_msgs_per_subject: 1,
        max_bytes: maxBytes.told,
      }),
    ]);
    return { js: jetstream(connection), jsm, epochs: { queue, dead } };
  }

  /** Makes a stream, or sees to its limits where there is one; answers when it was made. */
  async #openStream(
    jsm: JetStreamManager,
    name: string,
    config: Partial<StreamConfig> & { readonly max_msgs_per_subject: number },
  ): Promise<string> {
    const { replicas } = this.#options.target;
    try {
      const found = await jsm.streams.info(name);
      if (found.config.max_msgs_per_subject !== config.max_msgs_per_subject) {
        await jsm.streams.update(name, { max_msgs_per_subject: config.max_msgs_per_subject });
      }
      return found.created;
    } catch (error) {
      if (!(error instanceof JetStreamApiError) || error.code !== refusalCodes.streamNotFound) throw error;
    }
    try {
      const made = await jsm.streams.add({ ...config, name, storage: "file", num_replicas: replicas });
      return made.created;
    } catch (error) {
      // Another node was faster, and has another limit.
      if (!(error instanceof JetStreamApiError) || error.code !== refusalCodes.streamNameInUse) throw error;
      return (await jsm.streams.info(name)).created;
    }
  }

  #watch(subject: string, listener: () => void): () => void {
    const listeners = this.#watchers.get(subject) ?? new Set();
    this.#watchers.set(subject, listeners.add(listener));
    if (this.#kept.connection) this.#subscribe(this.#kept.connection, subject);
    return () => {
      listeners.delete(listener);
      if (listeners.size > 0 || this.#watchers.get(subject) !== listeners) return;
      this.#watchers.delete(subject);
      this.#subscriptions.get(subject)?.unsubscribe();
      this.#subscriptions.delete(subject);
    };
  }

  #watchAll(connection: NatsConnection): void {
    this.#subscriptions.clear();
    for (const [subject, listeners] of this.#watchers) {
      this.#subscribe(connection, subject);
      // Whatever was appended while nobody listened.
      for (const listener of listeners) listener();
    }
  }

  /** What is appended is an ordinary message, which whoever is subscribed gets as well. */
  #subscribe(connection: NatsConnection, subject: string): void {
    if (this.#subscriptions.has(subject)) return;
    const callback = (): void => {
      for (const listener of this.#watchers.get(subject) ?? []) listener();
    };
    this.#subscriptions.set(subject, connection.subscribe(subject, { callback }));
  }
}
