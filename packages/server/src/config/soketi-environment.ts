/** What the `SOKETI_…` variables mean here, so that a soketi deployment can be moved with its environment. */

import { toBoolean, toJson, toNumber } from "./convert-text.ts";
import {
  type ForeignSetting,
  type ForeignTable,
  isIgnored,
  isUnavailable,
  sets,
  setsForEveryApp,
} from "./foreign-setting.ts";

/** The app that soketi serves when nobody configures one; its secret is public knowledge. */
export const soketiDefaultApp = { id: "app-id", key: "app-key", secret: "app-secret" } as const;

/** What soketi's metrics listener does unless told otherwise. */
export const soketiMetricsDefaults = { host: "0.0.0.0", prefix: "soketi_" } as const;

const kilobytes = (text: string): unknown => {
  const size = toNumber(text);
  return typeof size === "number" ? Math.round(size * 1024) : size;
};

const clientEventPolicy = (text: string): unknown => {
  const enabled = toBoolean(text);
  return enabled === true ? "members" : enabled === false ? "none" : enabled;
};

const debug: ForeignSetting = (text) =>
  toBoolean(text) === true
    ? [{ kind: "set", path: ["log", "level"], value: "debug" }]
    : [{ kind: "redundant" }];

const singleNode = "this node works alone";
const inMemory = "it is kept in the memory of this node";
const appsFromConfig = "apps come from the configuration";
const off = ["false", "0", "off", "no"];

const redisAdapter = isUnavailable("scaling over Redis", singleNode);
const natsAdapter = isUnavailable("scaling over NATS", singleNode);
const gossip = isUnavailable("finding other nodes by UDP", singleNode);
const redisServer = isUnavailable("Redis", singleNode);
const sqlApps = isUnavailable("apps in an SQL database", appsFromConfig);
const dynamoApps = isUnavailable("apps in DynamoDB", appsFromConfig);
const sqsQueue = isUnavailable("a webhook queue in SQS", inMemory);
const redisQueue = isUnavailable("a webhook queue in Redis", inMemory);
const redisCache = isUnavailable("a cache in Redis", inMemory);
const redisLimiter = isUnavailable("rate limits over several nodes", "each node counts for itself");

const withPrefix = (prefix: string, table: ForeignTable): ForeignTable =>
  Object.fromEntries(Object.entries(table).map(([name, setting]) => [`${prefix}${name}`, setting]));

const all = (names: readonly string[], setting: ForeignSetting): ForeignTable =>
  Object.fromEntries(names.map((name) => [name, setting]));

const defaultApp: ForeignTable = {
  ID: sets(["apps", 0, "id"]),
  KEY: sets(["apps", 0, "key"]),
  SECRET: sets(["apps", 0, "secret"]),
  MAX_CONNS: sets(["apps", 0, "connection", "maxConnections"], toNumber),
  ENABLE_CLIENT_MESSAGES: sets(["apps", 0, "events", "clientEvents"], clientEventPolicy),
  ENABLED: sets(["apps", 0, "enabled"], toBoolean),
  MAX_BACKEND_EVENTS_PER_SEC: sets(["apps", 0, "rates", "maxBackendEventsPerSecond"], toNumber),
  MAX_CLIENT_EVENTS_PER_SEC: sets(["apps", 0, "rates", "maxClientEventsPerSecond"], toNumber),
  MAX_READ_REQ_PER_SEC: sets(["apps", 0, "rates", "maxReadRequestsPerSecond"], toNumber),
  USER_AUTHENTICATION: sets(["apps", 0, "connection", "requireUserAuthentication"], toBoolean),
  WEBHOOKS: sets(["apps", 0, "webhooks"], toJson),
};

const drivers: ForeignTable = {
  ADAPTER_DRIVER: isUnavailable("scaling over several nodes", singleNode, ["local"]),
  CACHE_DRIVER: isUnavailable("a shared cache", inMemory, ["memory"]),
  QUEUE_DRIVER: isUnavailable("a shared webhook queue", inMemory, ["sync"]),
  RATE_LIMITER_DRIVER: isUnavailable("rate limits over several nodes", "each node counts for itself", [
    "local",
  ]),
  APP_MANAGER_DRIVER: isUnavailable("apps in a database", appsFromConfig, ["array"]),
  APP_MANAGER_CACHE_ENABLED: isUnavailable("a cache of apps", `${appsFromConfig} and need none`, off),
  APP_MANAGER_CACHE_TTL: isIgnored("apps from the configuration need no cache"),
};

const driverOptions: ForeignTable = {
  ...withPrefix(
    "ADAPTER_REDIS_",
    all(["PREFIX", "CLUSTER_MODE", "REQUESTS_TIMEOUT", "SUB_OPTIONS", "PUB_OPTIONS"], redisAdapter),
  ),
  ...withPrefix(
    "ADAPTER_NATS_",
    all(
      [
        "SERVERS",
        "PREFIX",
        "USER",
        "PASSWORD",
        "PASS",
        "TOKEN",
        "TIMEOUT",
        "REQUESTS_TIMEOUT",
        "NODES_NUMBER",
      ],
      natsAdapter,
    ),
  ),
  ADAPTER_CLUSTER_REQUESTS_TIMEOUT: gossip,
  ...withPrefix(
    "CLUSTER_",
    all(
      [
        "HOSTNAME",
        "HOST",
        "PORT",
        "BROADCAST",
        "BROADCAST_ADDRESS",
        "UNICAST",
        "UNICAST_ADDRESSES",
        "MULTICAST",
        "MULTICAST_ADDRESS",
        "CHECK_INTERVAL",
        "CHECKS_INTERVAL",
        "HELLO_INTERVAL",
        "KEEPALIVE_INTERVAL",
        "MASTER_TIMEOUT",
        "NODE_TIMEOUT",
        "IGNORE_PROCESS",
        "PREFIX",
      ],
      gossip,
    ),
  ),
  ...all(["CACHE_REDIS_OPTIONS", "CACHE_REDIS_CLUSTER_MODE"], redisCache),
  ...all(["QUEUE_REDIS_CONCURRENCY", "QUEUE_REDIS_OPTIONS", "QUEUE_REDIS_CLUSTER_MODE"], redisQueue),
  ...withPrefix(
    "QUEUE_SQS_",
    all(
      [
        "REGION",
        "ENDPOINT",
        "URL",
        "CLIENT_OPTIONS",
        "CONSUMER_OPTIONS",
        "BATCHING",
        "BATCH_SIZE",
        "POLLING_WAIT_TIME_MS",
        "PROCESS_BATCH",
      ],
      sqsQueue,
    ),
  ),
  ...all(["RATE_LIMITER_REDIS_OPTIONS", "RATE_LIMITER_REDIS_CLUSTER_MODE"], redisLimiter),
  ...withPrefix(
    "DB_REDIS_",
    all(
      [
        "HOST",
        "PORT",
        "DB",
        "USERNAME",
        "PASSWORD",
        "KEY_PREFIX",
        "SENTINELS",
        "SENTINEL_PASSWORD",
        "CLUSTER_NODES",
        "INSTANCE_NAME",
      ],
      redisServer,
    ),
  ),
  ...withPrefix("DB_MYSQL_", all(["HOST", "PORT", "USERNAME", "PASSWORD", "DATABASE"], sqlApps)),
  ...withPrefix("DB_POSTGRES_", all(["HOST", "PORT", "USERNAME", "PASSWORD", "DATABASE"], sqlApps)),
  DB_POOLING_ENABLED: isUnavailable("apps in an SQL database", appsFromConfig, off),
  ...all(["DB_POOLING_MIN", "DB_POOLING_MAX"], sqlApps),
  ...withPrefix("APP_MANAGER_MYSQL_", all(["TABLE", "VERSION", "USE_V2"], sqlApps)),
  ...withPrefix("APP_MANAGER_POSTGRES_", all(["TABLE", "VERSION"], sqlApps)),
  ...withPrefix("APP_MANAGER_DYNAMODB_", all(["TABLE", "REGION", "ENDPOINT"], dynamoApps)),
};

/** Every variable that soketi 1.x reads. */
export const soketiTable: ForeignTable = withPrefix("SOKETI_", {
  HOST: sets(["server", "host"]),
  PORT: sets(["server", "port"], toNumber),
  PATH_PREFIX: sets(["server", "pathPrefix"]),
  DEBUG: debug,
  MODE: isUnavailable("a node that does only one part of the work", "this node does everything", ["full"]),
  SHUTDOWN_GRACE_PERIOD: sets(["server", "shutdownGraceMs"], toNumber),
  SSL_CERT: sets(["server", "tls", "cert"]),
  SSL_KEY: sets(["server", "tls", "key"]),
  SSL_PASS: sets(["server", "tls", "passphrase"]),
  SSL_CA: sets(["server", "tls", "ca"]),
  ...withPrefix("DEFAULT_APP_", defaultApp),
  USER_AUTHENTICATION_TIMEOUT: setsForEveryApp(["connection", "userAuthenticationTimeoutMs"], toNumber),
  CHANNEL_LIMITS_MAX_NAME_LENGTH: setsForEveryApp(["channels", "maxNameLength"], toNumber),
  CHANNEL_CACHE_TTL: setsForEveryApp(["channels", "cacheTtlSeconds"], toNumber),
  EVENT_MAX_BATCH_SIZE: setsForEveryApp(["events", "maxBatchItems"], toNumber),
  EVENT_MAX_CHANNELS_AT_ONCE: setsForEveryApp(["events", "maxChannelsPerEvent"], toNumber),
  EVENT_MAX_NAME_LENGTH: setsForEveryApp(["events", "maxNameLength"], toNumber),
  EVENT_MAX_SIZE_IN_KB: setsForEveryApp(["events", "maxDataBytes"], kilobytes),
  PRESENCE_MAX_MEMBERS: setsForEveryApp(["channels", "maxPresenceMembers"], toNumber),
  PRESENCE_MAX_MEMBER_SIZE: setsForEveryApp(["channels", "maxPresenceMemberBytes"], kilobytes),
  HTTP_ACCEPT_TRAFFIC_MEMORY_THRESHOLD: sets(["health", "memoryThresholdPercent"], toNumber),
  WEBHOOKS_BATCHING: sets(["webhooks", "batching", "enabled"], toBoolean),
  WEBHOOKS_BATCHING_DURATION: sets(["webhooks", "batching", "durationMs"], toNumber),
  METRICS_ENABLED: sets(["metrics", "enabled"], toBoolean),
  METRICS_DRIVER: isUnavailable("metrics other than Prometheus", "Prometheus metrics are served", [
    "prometheus",
  ]),
  METRICS_HOST: sets(["metrics", "host"]),
  METRICS_SERVER_PORT: sets(["metrics", "port"], toNumber),
  METRICS_PROMETHEUS_PREFIX: sets(["metrics", "prefix"]),
  ...drivers,
  ...driverOptions,
});
