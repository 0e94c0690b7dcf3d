/**
 * What Sockudo's variables mean here. Most of their names (`PORT`, `REDIS_URL`) could belong to anybody, so they count only
 * where a variable with Sockudo's own prefix shows whose environment it is.
 */

import { toBoolean, toNumber, toTexts } from "./convert-text.ts";
import type { Environment } from "./environment.ts";
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
import { sockudoBackends } from "./sockudo-backends.ts";

/** What Sockudo's own variables start with. */
export const sockudoPrefix = "SOCKUDO_";

/** What Sockudo takes for granted and Antiphon does not. */
export const sockudoDefaults = { metricsHost: "0.0.0.0", metricsPrefix: "sockudo_", maxDataBytes: 102_400 };

/** Whether the environment was written for Sockudo. */
export function isSockudoEnvironment(env: Environment): boolean {
  return Object.entries(env).some(([name, text]) => name.startsWith(sockudoPrefix) && text !== undefined);
}

const multiplyBy =
  (factor: number) =>
  (text: string): unknown => {
    const value = toNumber(text);
    return typeof value === "number" ? Math.round(value * factor) : value;
  };
const secondsToMs = multiplyBy(1000);
const kilobytes = multiplyBy(1024);

const clientEventPolicy = (text: string): unknown => {
  const enabled = toBoolean(text);
  return enabled === true ? "members" : enabled === false ? "none" : enabled;
};

const debug: ForeignSetting = (text) =>
  toBoolean(text) === true
    ? [{ kind: "set", path: ["log", "level"], value: "debug" }]
    : [{ kind: "redundant" }];

/** Sockudo names the files also where TLS is off. */
function tlsFile(name: "cert" | "key"): ForeignSetting {
  return (text, env) =>
    toBoolean(env["SSL_ENABLED"] ?? "") === true
      ? [{ kind: "set", path: ["server", "tls", name], value: text }]
      : [{ kind: "ignored", reason: "SSL_ENABLED is not true" }];
}

const off = ["false", "0", "off", "no"];
const appsFromConfig = "apps come from the configuration";

const sqlApps = isUnavailable("apps in an SQL database", appsFromConfig);
const dynamoApps = isUnavailable("apps in DynamoDB", appsFromConfig);
const unixSocket = isUnavailable("listening on a Unix socket", "the server listens on its port", off);
const httpRedirect = isUnavailable("redirecting http to https", "a proxy in front can do it", off);
const requestLimiter = isUnavailable(
  "limits of requests by address",
  "limits.maxConnectionsPerIp and the rates of each app are what there is",
  off,
);
const limiterOptions: ForeignSetting = (text, env) =>
  toBoolean(env["RATE_LIMITER_ENABLED"] ?? "") === false
    ? [{ kind: "redundant" }]
    : requestLimiter(text, env);
const crossOrigin = isIgnored("the API answers backends, and only the health routes answer pages");

const app: Readonly<Record<string, ForeignSetting>> = {
  ID: sets(["apps", 0, "id"]),
  KEY: sets(["apps", 0, "key"]),
  SECRET: sets(["apps", 0, "secret"]),
  ENABLED: sets(["apps", 0, "enabled"], toBoolean),
  MAX_CONNECTIONS: sets(["apps", 0, "connection", "maxConnections"], toNumber),
  ENABLE_CLIENT_MESSAGES: sets(["apps", 0, "events", "clientEvents"], clientEventPolicy),
  ENABLE_USER_AUTHENTICATION: sets(["apps", 0, "connection", "requireUserAuthentication"], toBoolean),
  ENABLE_WATCHLIST_EVENTS: sets(["apps", 0, "channels", "watchlist"], toBoolean),
  ALLOWED_ORIGINS: sets(["apps", 0, "connection", "allowedOrigins"], toTexts),
  MAX_BACKEND_EVENTS_PER_SECOND: sets(["apps", 0, "rates", "maxBackendEventsPerSecond"], toNumber),
  MAX_CLIENT_EVENTS_PER_SECOND: sets(["apps", 0, "rates", "maxClientEventsPerSecond"], toNumber),
  MAX_READ_REQUESTS_PER_SECOND: sets(["apps", 0, "rates", "maxReadRequestsPerSecond"], toNumber),
  MAX_PRESENCE_MEMBERS_PER_CHANNEL: sets(["apps", 0, "channels", "maxPresenceMembers"], toNumber),
  MAX_PRESENCE_MEMBER_SIZE_IN_KB: sets(["apps", 0, "channels", "maxPresenceMemberBytes"], kilobytes),
  MAX_CHANNEL_NAME_LENGTH: sets(["apps", 0, "channels", "maxNameLength"], toNumber),
  MAX_EVENT_CHANNELS_AT_ONCE: sets(["apps", 0, "events", "maxChannelsPerEvent"], toNumber),
  MAX_EVENT_NAME_LENGTH: sets(["apps", 0, "events", "maxNameLength"], toNumber),
  MAX_EVENT_PAYLOAD_IN_KB: sets(["apps", 0, "events", "maxDataBytes"], kilobytes),
  MAX_EVENT_BATCH_SIZE: sets(["apps", 0, "events", "maxBatchItems"], toNumber),
  ANNOTATIONS_ENABLED: isUnavailable("annotations of messages", "clients get plain events", off),
};

/** Sockudo's variables. What is in its example files for containers only (`SOCKUDO_MEMORY_LIMIT`) is not. */
export const sockudoTable: ForeignTable = {
  ...Object.fromEntries(
    Object.entries(app).map(([name, setting]) => [`${sockudoPrefix}DEFAULT_APP_${name}`, setting]),
  ),
  SOCKUDO_ENABLE_CLIENT_MESSAGES: sets(["apps", 0, "events", "clientEvents"], clientEventPolicy),
  HOST: sets(["server", "host"]),
  PORT: sets(["server", "port"], toNumber),
  DEBUG: debug,
  DEBUG_MODE: debug,
  ACTIVITY_TIMEOUT: setsForEveryApp(["connection", "activityTimeoutSeconds"], toNumber),
  USER_AUTHENTICATION_TIMEOUT: setsForEveryApp(["connection", "userAuthenticationTimeoutMs"], secondsToMs),
  WEBSOCKET_MAX_PAYLOAD_KB: setsForEveryApp(["connection", "maxMessageBytes"], kilobytes),
  CACHE_TTL_SECONDS: setsForEveryApp(["channels", "cacheTtlSeconds"], toNumber),
  SHUTDOWN_GRACE_PERIOD: sets(["server", "shutdownGraceMs"], secondsToMs),
  SSL_ENABLED: () => [{ kind: "redundant" }],
  SSL_CERT_PATH: tlsFile("cert"),
  SSL_KEY_PATH: tlsFile("key"),
  SSL_REDIRECT_HTTP: httpRedirect,
  SSL_HTTP_PORT: (_, env) => httpRedirect(env["SSL_REDIRECT_HTTP"] ?? "false", env),
  UNIX_SOCKET_ENABLED: unixSocket,
  UNIX_SOCKET_PATH: (_, env) => unixSocket(env["UNIX_SOCKET_ENABLED"] ?? "false", env),
  METRICS_ENABLED: sets(["metrics", "enabled"], toBoolean),
  METRICS_DRIVER: isUnavailable("metrics other than Prometheus", "Prometheus metrics are served", [
    "prometheus",
  ]),
  METRICS_HOST: sets(["metrics", "host"]),
  METRICS_PORT: sets(["metrics", "port"], toNumber),
  METRICS_PROMETHEUS_PREFIX: sets(["metrics", "prefix"]),
  WEBHOOK_BATCHING_ENABLED: sets(["webhooks", "batching", "enabled"], toBoolean),
  WEBHOOK_BATCHING_DURATION: sets(["webhooks", "batching", "durationMs"], toNumber),
  APP_MANAGER_DRIVER: isUnavailable("apps in a database", appsFromConfig, ["memory", "array"]),
  RATE_LIMITER_ENABLED: requestLimiter,
  ...withPrefix("RATE_LIMITER_API_", all("ENABLED MAX_REQUESTS WINDOW_SECONDS TRUST_HOPS", limiterOptions)),
  ...withPrefix("RATE_LIMITER_WS_", all("ENABLED MAX_REQUESTS WINDOW_SECONDS", limiterOptions)),
  ...withPrefix("CORS_", all("ORIGINS METHODS HEADERS CREDENTIALS", crossOrigin)),
  ...withPrefix("DATABASE_MYSQL_", all("HOST PORT USERNAME PASSWORD DATABASE TABLE_NAME", sqlApps)),
  ...withPrefix("DATABASE_POSTGRES_", all("HOST PORT USERNAME PASSWORD DATABASE", sqlApps)),
  ...withPrefix("DATABASE_DYNAMODB_", all("REGION TABLE_NAME ENDPOINT_URL", dynamoApps)),
  ...sockudoBackends,
};
