/**
 * Configuration in, the place out where the queues of webhooks outlive the process; nothing if they are in memory. Used by the
 * composition roots and by `antiphon webhooks`.
 */
import type { Failure } from "@antiphon/websocket";
import { resolveNatsOptions } from "../cluster/nats/nats-options.ts";
import { readRedisOptions } from "../cluster/redis/redis-options.ts";
import { createNatsOptions, createRedisOptions } from "../config/backend-options.ts";
import type { Config } from "../config/load-config.ts";
import { JetStreamWebhookStores } from "../webhooks/nats/jetstream-webhook-stores.ts";
import { RedisWebhookStores } from "../webhooks/redis/redis-webhook-stores.ts";
import type { WebhookStores } from "../webhooks/webhook-store.ts";

export interface WebhookStoresOptions {
  /** Whether somebody may lead, and wants to hear at once of what others append. */
  readonly watches: boolean;
  /** Gets what is the operator's to mend. */
  readonly report: (failure: Failure) => void;
}

type StoreSettings = Pick<Config, "webhooks" | "cluster" | "redis" | "nats">;

/** Where `webhooks.queue` says that queues are; `auto` is what joins the cluster, or else memory. */
export function chooseWebhookQueue({
  webhooks,
  cluster,
}: Pick<Config, "webhooks" | "cluster">): "memory" | "redis" | "nats" {
  if (webhooks.queue !== "auto") return webhooks.queue;
  return cluster.driver === "none" ? "memory" : cluster.driver;
}

/** Not connected yet. Throws where the options of Redis or NATS cannot work, which the configuration has checked. */
export function createWebhookStores(
  config: StoreSettings,
  { watches, report }: WebhookStoresOptions,
): WebhookStores | undefined {
  const maxEvents = config.webhooks.maxQueuedEvents;
  switch (chooseWebhookQueue(config)) {
    case "memory":
      return undefined;
    case "redis": {
      const reading = readRedisOptions(createRedisOptions(config));
      if ("failures" in reading) throw new TypeError(reading.failures[0]?.message);
      return new RedisWebhookStores({ settings: reading.settings, maxEvents, watches, report });
    }
    default: {
      const target = resolveNatsOptions(createNatsOptions(config));
      if ("name" in target) throw new TypeError(target.message);
      return new JetStreamWebhookStores({ target, maxEvents, report });
    }
  }
}
