/**
 * The stores of all webhooks in Redis: one connection for all, one for being woken, and the names of keys. Made by the
 * composition root and by `antiphon webhooks`.
 */
import type { Failure } from "@antiphon/websocket";
import { RedisConnection } from "../../cluster/redis/redis-connection.ts";
import { slotOfKey } from "../../cluster/redis/key-slot.ts";
import { describeRedis, type RedisSettings } from "../../cluster/redis/redis-options.ts";
import type { RedisSession } from "../../cluster/redis/redis-session.ts";
import type { StoreAddress, WebhookStore, WebhookStores } from "../webhook-store.ts";
import { RedisWebhookStore } from "./redis-webhook-store.ts";

export interface RedisWebhookStoresOptions {
  readonly settings: RedisSettings;
  /** Greatest number of events in one queue; above it the oldest are dropped. */
  readonly maxEvents: number;
  /** Whether somebody will watch for what others append. */
  readonly watches: boolean;
  /** Gets what is the operator's to mend: each kind once until the next success. */
  readonly report: (failure: Failure) => void;
}

/** In a Redis Cluster, apps are spread over so many slots; all that belongs to an app is in one. */
const groupCount = 16;

export class RedisWebhookStores implements WebhookStores {
  readonly name: string;
  readonly #options: RedisWebhookStoresOptions;
  readonly #isCluster: boolean;
  /** What the keys of each group begin with. */
  readonly #groups: readonly string[];
  readonly #connection: RedisConnection;
  /** By what the keys of a webhook begin with. */
  readonly #watchers = new Map<string, Set<() => void>>();

  constructor(options: RedisWebhookStoresOptions) {
    const { settings, watches, report } = options;
    this.#options = options;
    this.name = describeRedis(settings);
    this.#isCluster = settings.deployment.kind === "cluster";
    const count = this.#isCluster ? groupCount : 1;
    this.#groups = Array.from({ length: count }, (_, group) => `{${settings.prefix}:webhooks:${group}}:`);
    this.#connection = new RedisConnection({
      settings,
      name: `${settings.prefix}-webhooks`,
      keys: this.#groups,
      subscribes: watches,
      prepare: (session) => (watches ? this.#subscribe(session) : Promise.resolve()),
      report,
      // Whatever was appended while nobody listened.
      onReady: () => this.#wakeAll(),
      // Every webhook that cannot use its store says so itself.
      onLost: () => {},
    });
  }

  start(): Promise<void> {
    return this.#connection.start();
  }

  open({ appId, webhookId }: StoreAddress): WebhookStore {
    const group = this.#groups[hash(appId) % this.#groups.length] ?? "";
    const keys = `${group}${encodeURIComponent(appId)}:${webhookId}:`;
    return new RedisWebhookStore({
      connection: this.#connection,
      keys,
      wake: [this.#isCluster ? "SPUBLISH" : "PUBLISH", channelOf(group), keys],
      maxEvents: this.#options.maxEvents,
      watch: (listener) => this.#watch(keys, listener),
    });
  }

  close(): Promise<void> {
    this.#connection.stop();
    return Promise.resolve();
  }

  async #subscribe(session: RedisSession): Promise<void> {
    const onAppended = (keys: string): void => {
      for (const listener of this.#watchers.get(keys) ?? []) listener();
    };
    await Promise.all(
      this.#groups.map((group) => {
        const client = session.subscriptionsOf(slotOfKey(group));
        return this.#isCluster
          ? client.sSubscribe(channelOf(group), onAppended)
          : client.subscribe(channelOf(group), onAppended);
      }),
    );
  }

  #wakeAll(): void {
    for (const listeners of this.#watchers.values()) for (const listener of listeners) listener();
  }

  #watch(keys: string, listener: () => void): () => void {
    const listeners = this.#watchers.get(keys) ?? new Set();
    this.#watchers.set(keys, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#watchers.get(keys) === listeners) this.#watchers.delete(keys);
    };
  }
}

function channelOf(group: string): string {
  return `${group}appended`;
}

/** The same in every process, for all time. */
function hash(text: string): number {
  let value = 0;
  for (const byte of Buffer.from(text)) value = (value * 31 + byte) % 0x7fffffff;
  return value;
}
