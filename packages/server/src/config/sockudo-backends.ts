/** What Sockudo's variables about several nodes mean here: adapters, Redis, NATS, queues, caches. A part of Sockudo's table. */

import { toBoolean, toNumber } from "./convert-text.ts";
import type { Environment } from "./environment.ts";
import { readPrefix, splitList, toAddresses, toRedisUrl } from "./foreign-connections.ts";
import {
  all,
  type ForeignMeaning,
  type ForeignSetting,
  type ForeignTable,
  isIgnored,
  isUnavailable,
  sets,
  withPrefix,
} from "./foreign-setting.ts";

const inMemory = "it is kept in the memory of this node";
const sqsQueue = isUnavailable("a webhook queue in SQS", inMemory);

const drivers: Readonly<Record<string, "redis" | "nats">> = {
  redis: "redis",
  "redis-cluster": "redis",
  nats: "nats",
};

function findDriver(text: string): "redis" | "nats" | undefined {
  const word = text.trim().toLowerCase();
  return Object.hasOwn(drivers, word) ? drivers[word] : undefined;
}

/** A driver of ours, one that is the default, or one that there is not. */
function chooses(
  path: readonly string[],
  otherwise: { readonly feature: string; readonly effect: string; readonly unless: readonly string[] },
): ForeignSetting {
  return (text, env) => {
    const driver = findDriver(text);
    if (driver !== undefined) return [{ kind: "set", path, value: driver }];
    return isUnavailable(otherwise.feature, otherwise.effect, otherwise.unless)(text, env);
  };
}

const isClustered = (env: Environment): boolean => findDriver(env["ADAPTER_DRIVER"] ?? "") !== undefined;

function usesRedisCluster(env: Environment): boolean {
  return ["ADAPTER_DRIVER", "QUEUE_DRIVER"].some(
    (name) => env[name]?.trim().toLowerCase() === "redis-cluster",
  );
}

/** What the nodes of a cluster share among themselves. */
function sharedAnyway(what: string): ForeignSetting {
  return (text, env) => {
    const isLocal = ["memory", "local", "none"].includes(text.trim().toLowerCase());
    if (isLocal || isClustered(env)) return [{ kind: "redundant" }];
    return [{ kind: "ignored", reason: `the nodes of a cluster share ${what}, and this one is alone` }];
  };
}

const ofRedisCluster: ForeignSetting = (text, env) =>
  usesRedisCluster(env)
    ? sets(["redis", "cluster", "nodes"], toAddresses("redis"))(text, env)
    : [{ kind: "ignored", reason: "no driver is redis-cluster" }];

const url: ForeignSetting = (text, env): readonly ForeignMeaning[] =>
  usesRedisCluster(env) && env["REDIS_CLUSTER_NODES"] !== undefined
    ? [{ kind: "ignored", reason: "REDIS_CLUSTER_NODES says where Redis is" }]
    : sets(["redis", "url"], toRedisUrl)(text, env);

const healthSwitch: ForeignSetting = (text) =>
  toBoolean(text) === false
    ? [{ kind: "ignored", reason: "the nodes of a cluster always watch each other" }]
    : [{ kind: "redundant" }];

/** The variables. */
export const sockudoBackends: ForeignTable = {
  ADAPTER_DRIVER: chooses(["cluster", "driver"], {
    feature: "this way to join nodes",
    effect: "this node works alone; redis and nats join nodes",
    unless: ["local"],
  }),
  CACHE_DRIVER: sharedAnyway("cached events"),
  QUEUE_DRIVER: chooses(["webhooks", "queue"], {
    feature: "this kind of webhook queue",
    effect: inMemory,
    unless: ["memory", "none"],
  }),
  RATE_LIMITER_DRIVER: sharedAnyway("rate limits"),
  REDIS_URL: url,
  REDIS_CLUSTER_NODES: ofRedisCluster,
  ...withPrefix("DATABASE_REDIS_", {
    HOST: sets(["redis", "host"]),
    PORT: sets(["redis", "port"], toNumber),
    PASSWORD: sets(["redis", "password"]),
    USERNAME: sets(["redis", "username"]),
    DB: sets(["redis", "database"], toNumber),
    KEY_PREFIX: readPrefix,
    SENTINELS: sets(["redis", "sentinel", "nodes"], toAddresses("sentinel")),
    SENTINEL_USERNAME: sets(["redis", "sentinel", "username"]),
    SENTINEL_PASSWORD: sets(["redis", "sentinel", "password"]),
    SENTINEL_MASTER: sets(["redis", "sentinel", "name"]),
  }),
  ...withPrefix("NATS_", {
    SERVERS: sets(["nats", "servers"], splitList),
    USERNAME: sets(["nats", "username"]),
    PASSWORD: sets(["nats", "password"]),
    TOKEN: sets(["nats", "token"]),
    CONNECTION_TIMEOUT_MS: sets(["nats", "connectTimeoutMs"], toNumber),
    REQUEST_TIMEOUT_MS: isIgnored("a node answers from its own copy and asks no other"),
  }),
  ...withPrefix("QUEUE_REDIS_", {
    CONCURRENCY: sets(["webhooks", "maxConcurrentRequests"], toNumber),
    PREFIX: isIgnored("cluster.prefix stands in front of all names"),
  }),
  ...withPrefix(
    "QUEUE_SQS_",
    all("REGION VISIBILITY_TIMEOUT MAX_MESSAGES CONCURRENCY FIFO ENDPOINT_URL", sqsQueue),
  ),
  ...withPrefix("CLUSTER_HEALTH_", {
    ENABLED: healthSwitch,
    HEARTBEAT_INTERVAL: sets(["cluster", "heartbeatMs"], toNumber),
    NODE_TIMEOUT: sets(["cluster", "nodeTimeoutMs"], toNumber),
    CLEANUP_INTERVAL: isIgnored("a node that is gone is taken away as soon as its time is over"),
  }),
};
