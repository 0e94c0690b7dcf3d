/** What the variables of Laravel Reverb mean here, so that the `.env` of a Laravel project works as it is. */

import { toBoolean, toNumber } from "./convert-text.ts";
import { readPrefix, toRedisUrl } from "./foreign-connections.ts";
import {
  type ForeignMeaning,
  type ForeignSetting,
  type ForeignTable,
  isIgnored,
  sets,
  setsForEveryApp,
} from "./foreign-setting.ts";
import type { SettingPath } from "./setting-index.ts";

/** The port Reverb listens on unless told otherwise; a Laravel `.env` counts on it. */
export const reverbDefaultPort = 8080;

const secondsToMs = (text: string): unknown => {
  const seconds = toNumber(text);
  return typeof seconds === "number" ? seconds * 1000 : seconds;
};

const clientEventsFrom: ForeignSetting = (text) => {
  const policy: ForeignMeaning = {
    kind: "set-for-every-app",
    path: ["events", "clientEvents"],
    value: text === "all" ? "members" : text,
  };
  if (text !== "all") return [policy];
  return [
    policy,
    { kind: "adjusted", reason: "only subscribers of a channel may send client events to it (members)" },
  ];
};

/** Reverb's rate limit is one switch and three values that only count when it is on. */
function rateLimit(path: readonly string[], convert: (text: string) => unknown): ForeignSetting {
  return (text, env) =>
    toBoolean(env["REVERB_APP_RATE_LIMITING_ENABLED"] ?? "") === true
      ? [{ kind: "set-for-every-app", path, value: convert(text) }]
      : [{ kind: "ignored", reason: "REVERB_APP_RATE_LIMITING_ENABLED is not true" }];
}

const rateLimitSwitch: ForeignSetting = (text, env) => {
  const enabled = toBoolean(text);
  if (enabled === false) return [{ kind: "redundant" }];
  const whenUnset = (name: string, key: string): ForeignMeaning[] =>
    env[name] === undefined
      ? [{ kind: "set-for-every-app", path: ["rates", "messages", key], value: 60 }]
      : [];
  return enabled === true
    ? [
        { kind: "redundant" },
        ...whenUnset("REVERB_APP_RATE_LIMIT_MAX_ATTEMPTS", "max"),
        ...whenUnset("REVERB_APP_RATE_LIMIT_DECAY_SECONDS", "windowSeconds"),
      ]
    : [{ kind: "adjusted", reason: "it is neither true nor false and counts as false" }];
};

/** Redis only matters where Reverb would use it for scaling. */
function whenScaling(setting: ForeignSetting, otherwise: ForeignMeaning): ForeignSetting {
  return (text, env) =>
    toBoolean(env["REVERB_SCALING_ENABLED"] ?? "") === true ? setting(text, env) : [otherwise];
}

const scalingSwitch: ForeignSetting = (text) => {
  const enabled = toBoolean(text);
  if (enabled === true) return [{ kind: "set", path: ["cluster", "driver"], value: "redis" }];
  return enabled === false
    ? [{ kind: "redundant" }]
    : [{ kind: "adjusted", reason: "it is neither true nor false and counts as false" }];
};

/** Laravel projects have these for their cache and queues too, so they go without a word where nothing scales. */
const redisServer = (path: SettingPath, convert?: (text: string) => unknown): ForeignSetting =>
  whenScaling(sets(path, convert), { kind: "redundant" });

const laravelOnly = isIgnored("only Laravel's own tools read it");

/** Every variable that Reverb's `config/reverb.php` reads. */
export const reverbTable: ForeignTable = {
  REVERB_SERVER: isIgnored("it chooses a server inside Laravel"),
  REVERB_SERVER_HOST: sets(["server", "host"]),
  REVERB_SERVER_PORT: sets(["server", "port"], toNumber),
  REVERB_SERVER_PATH: sets(["server", "pathPrefix"]),
  REVERB_HOST: sets(["server", "hostname"]),
  // What the Laravel app dials. Compared with the listening port once everything is known.
  REVERB_PORT: () => [{ kind: "redundant" }],
  REVERB_SCHEME: () => [{ kind: "redundant" }],
  REVERB_MAX_REQUEST_SIZE: sets(["limits", "maxRequestBytes"], toNumber),
  REVERB_SCALING_ENABLED: scalingSwitch,
  REVERB_SCALING_CHANNEL: whenScaling(readPrefix, {
    kind: "ignored",
    reason: "REVERB_SCALING_ENABLED is not true",
  }),
  REDIS_URL: redisServer(["redis", "url"], toRedisUrl),
  REDIS_HOST: redisServer(["redis", "host"]),
  REDIS_PORT: redisServer(["redis", "port"], toNumber),
  REDIS_USERNAME: redisServer(["redis", "username"]),
  REDIS_PASSWORD: redisServer(["redis", "password"]),
  REDIS_DB: redisServer(["redis", "database"], toNumber),
  REDIS_TIMEOUT: whenScaling(isIgnored("a lost connection is tried again for ever"), { kind: "redundant" }),
  REVERB_APP_ID: sets(["apps", 0, "id"]),
  REVERB_APP_KEY: sets(["apps", 0, "key"]),
  REVERB_APP_SECRET: sets(["apps", 0, "secret"]),
  REVERB_APP_PING_INTERVAL: setsForEveryApp(["connection", "pingIntervalMs"], secondsToMs),
  REVERB_APP_ACTIVITY_TIMEOUT: setsForEveryApp(["connection", "activityTimeoutSeconds"], toNumber),
  REVERB_APP_MAX_CONNECTIONS: setsForEveryApp(["connection", "maxConnections"], toNumber),
  REVERB_APP_MAX_MESSAGE_SIZE: setsForEveryApp(["connection", "maxMessageBytes"], toNumber),
  REVERB_APP_ACCEPT_CLIENT_EVENTS_FROM: clientEventsFrom,
  REVERB_APP_RATE_LIMITING_ENABLED: rateLimitSwitch,
  REVERB_APP_RATE_LIMIT_MAX_ATTEMPTS: rateLimit(["rates", "messages", "max"], toNumber),
  REVERB_APP_RATE_LIMIT_DECAY_SECONDS: rateLimit(["rates", "messages", "windowSeconds"], toNumber),
  REVERB_APP_RATE_LIMIT_TERMINATE: rateLimit(["rates", "terminateOnLimit"], toBoolean),
  REVERB_PULSE_INGEST_INTERVAL: laravelOnly,
  REVERB_TELESCOPE_INGEST_INTERVAL: laravelOnly,
};
