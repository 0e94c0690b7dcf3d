/**
 * What soketi's variables about several nodes mean here: adapters, Redis, NATS, queues, caches and rate limits. A part of
 * soketi's table; names without their prefix.
 */

import { readIoredisOptions, readPrefix, splitList, toAddresses } from "./foreign-connections.ts";
import { toBoolean, toNumber } from "./convert-text.ts";
import type { Environment } from "./environment.ts";
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
const gossipAdvice = "this node works alone; the adapters redis and nats join nodes";
const gossip = isUnavailable("finding other nodes by UDP", gossipAdvice);
const sqsQueue = isUnavailable("a webhook queue in SQS", inMemory);

const read = (env: Environment, name: string): string => (env[`SOKETI_${name}`] ?? "").trim().toLowerCase();

const adapter: ForeignSetting = (text, env) => {
  const driver = text.trim().toLowerCase();
  if (driver === "local") return [{ kind: "redundant" }];
  if (driver === "redis" || driver === "nats")
    return [{ kind: "set", path: ["cluster", "driver"], value: driver }];
  if (driver === "cluster") return gossip(text, env);
  return [{ kind: "unavailable", feature: `the adapter ${driver}`, effect: "this node works alone" }];
};

/** Options of an adapter count only where it is the one that is used. */
function ofAdapter(driver: "redis" | "nats", setting: ForeignSetting): ForeignSetting {
  return (text, env) =>
    read(env, "ADAPTER_DRIVER") === driver
      ? setting(text, env)
      : [{ kind: "ignored", reason: `the adapter is not ${driver}` }];
}

const queue: ForeignSetting = (text, env) => {
  const driver = text.trim().toLowerCase();
  if (driver === "sync") return [{ kind: "set", path: ["webhooks", "queue"], value: "memory" }];
  if (driver === "redis") return [{ kind: "set", path: ["webhooks", "queue"], value: "redis" }];
  return sqsQueue(text, env);
};

/** What the nodes of a cluster share among themselves, and a node that is alone keeps for itself. */
function sharedAnyway(what: string, local: readonly string[]): ForeignSetting {
  return (text, env) => {
    const isShared = ["redis", "nats"].includes(read(env, "ADAPTER_DRIVER"));
    if (isShared || local.includes(text.trim().toLowerCase())) return [{ kind: "redundant" }];
    return [{ kind: "ignored", reason: `the nodes of a cluster share ${what}, and this one is alone` }];
  };
}

const askNobody = isIgnored("a node answers from its own copy and asks no other");
const clusterModes = ["ADAPTER_REDIS", "QUEUE_REDIS", "CACHE_REDIS", "RATE_LIMITER_REDIS"];

/** soketi gives nodes and a switch for each use; here one connection serves all. */
const clusterNodes: ForeignSetting = (text, env) =>
  clusterModes.some((use) => toBoolean(read(env, `${use}_CLUSTER_MODE`)) === true)
    ? sets(["redis", "cluster", "nodes"], toAddresses("redis"))(text, env)
    : [{ kind: "ignored", reason: "no cluster mode is on" }];

const clusterMode: ForeignSetting = (text, env): readonly ForeignMeaning[] =>
  toBoolean(text) !== true || read(env, "DB_REDIS_CLUSTER_NODES") !== ""
    ? [{ kind: "redundant" }]
    : [{ kind: "ignored", reason: "no nodes of a cluster are named" }];

const cachesShared = isIgnored("the nodes of a cluster keep cached events themselves");
const ratesShared = isIgnored("the nodes of a cluster count together by themselves");

/** The variables, without `SOKETI_`. */
export const soketiBackends: ForeignTable = {
  ADAPTER_DRIVER: adapter,
  ...withPrefix("ADAPTER_REDIS_", {
    PREFIX: ofAdapter("redis", readPrefix),
    CLUSTER_MODE: ofAdapter("redis", clusterMode),
    REQUESTS_TIMEOUT: ofAdapter("redis", askNobody),
    SUB_OPTIONS: ofAdapter("redis", readIoredisOptions),
    PUB_OPTIONS: ofAdapter("redis", readIoredisOptions),
  }),
  ...withPrefix("ADAPTER_NATS_", {
    SERVERS: ofAdapter("nats", sets(["nats", "servers"], splitList)),
    PREFIX: ofAdapter("nats", readPrefix),
    USER: ofAdapter("nats", sets(["nats", "username"])),
    PASSWORD: ofAdapter("nats", sets(["nats", "password"])),
    PASS: ofAdapter("nats", sets(["nats", "password"])),
    TOKEN: ofAdapter("nats", sets(["nats", "token"])),
    TIMEOUT: ofAdapter("nats", sets(["nats", "connectTimeoutMs"], toNumber)),
    REQUESTS_TIMEOUT: ofAdapter("nats", askNobody),
    NODES_NUMBER: ofAdapter("nats", isIgnored("nodes find each other by their heartbeats")),
  }),
  ADAPTER_CLUSTER_REQUESTS_TIMEOUT: gossip,
  ...withPrefix(
    "CLUSTER_",
    all(
      `HOSTNAME HOST PORT BROADCAST BROADCAST_ADDRESS UNICAST UNICAST_ADDRESSES MULTICAST MULTICAST_ADDRESS
      CHECK_INTERVAL CHECKS_INTERVAL HELLO_INTERVAL KEEPALIVE_INTERVAL MASTER_TIMEOUT NODE_TIMEOUT IGNORE_PROCESS PREFIX`,
      gossip,
    ),
  ),
  CACHE_DRIVER: sharedAnyway("cached events", ["memory"]),
  ...withPrefix("CACHE_REDIS_", all("OPTIONS CLUSTER_MODE", cachesShared)),
  QUEUE_DRIVER: queue,
  QUEUE_REDIS_CONCURRENCY: sets(["webhooks", "maxConcurrentRequests"], toNumber),
  QUEUE_REDIS_OPTIONS: (text, env) =>
    read(env, "QUEUE_DRIVER") === "redis"
      ? readIoredisOptions(text)
      : [{ kind: "ignored", reason: "the queue is not redis" }],
  QUEUE_REDIS_CLUSTER_MODE: clusterMode,
  ...withPrefix(
    "QUEUE_SQS_",
    all(
      `REGION ENDPOINT URL CLIENT_OPTIONS CONSUMER_OPTIONS BATCHING BATCH_SIZE POLLING_WAIT_TIME_MS PROCESS_BATCH`,
      sqsQueue,
    ),
  ),
  RATE_LIMITER_DRIVER: sharedAnyway("rate limits", ["local"]),
  ...withPrefix("RATE_LIMITER_REDIS_", all("OPTIONS CLUSTER_MODE", ratesShared)),
  ...withPrefix("DB_REDIS_", {
    HOST: sets(["redis", "host"]),
    PORT: sets(["redis", "port"], toNumber),
    DB: sets(["redis", "database"], toNumber),
    USERNAME: sets(["redis", "username"]),
    PASSWORD: sets(["redis", "password"]),
    KEY_PREFIX: isIgnored(
      "cluster.prefix, which the prefix of the adapter sets, stands in front of all names",
    ),
    SENTINELS: sets(["redis", "sentinel", "nodes"], toAddresses("sentinel")),
    SENTINEL_PASSWORD: sets(["redis", "sentinel", "password"]),
    CLUSTER_NODES: clusterNodes,
    INSTANCE_NAME: sets(["redis", "sentinel", "name"]),
  }),
};
