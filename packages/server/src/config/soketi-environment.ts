/** What the `SOKETI_…` variables mean here, so that a soketi deployment can be moved with its environment. */

import { toBoolean, toJson, toNumber } from "./convert-text.ts";
import {
  all,
  type ForeignSetting,
  type ForeignTable,
  isIgnored,
  isUnavailable,
  sets,
  setsForEveryApp,
  withPrefix,
} from "./foreign-setting.ts";
import { soketiBackends } from "./soketi-backends.ts";

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

const appsFromConfig = "apps come from the configuration";
const off = ["false", "0", "off", "no"];

const sqlApps = isUnavailable("apps in an SQL database", appsFromConfig);
const dynamoApps = isUnavailable("apps in DynamoDB", appsFromConfig);

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

/** Apps in databases. */
const appManagers: ForeignTable = {
  APP_MANAGER_DRIVER: isUnavailable("apps in a database", appsFromConfig, ["array"]),
  APP_MANAGER_CACHE_ENABLED: isUnavailable("a cache of apps", `${appsFromConfig} and need none`, off),
  APP_MANAGER_CACHE_TTL: isIgnored("apps from the configuration need no cache"),
  ...withPrefix("DB_MYSQL_", all("HOST PORT USERNAME PASSWORD DATABASE", sqlApps)),
  ...withPrefix("DB_POSTGRES_", all("HOST PORT USERNAME PASSWORD DATABASE", sqlApps)),
  DB_POOLING_ENABLED: isUnavailable("apps in an SQL database", appsFromConfig, off),
  ...all("DB_POOLING_MIN DB_POOLING_MAX", sqlApps),
  ...withPrefix("APP_MANAGER_MYSQL_", all("TABLE VERSION USE_V2", sqlApps)),
  ...withPrefix("APP_MANAGER_POSTGRES_", all("TABLE VERSION", sqlApps)),
  ...withPrefix("APP_MANAGER_DYNAMODB_", all("TABLE REGION ENDPOINT", dynamoApps)),
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
  ...soketiBackends,
  ...appManagers,
});
