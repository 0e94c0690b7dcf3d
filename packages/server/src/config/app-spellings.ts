/**
 * Other spellings of app settings: the flat names of soketi and Sockudo in camel, Pascal and snake case, as found in
 * their configuration files and database columns. In: path and value as written; out: ours.
 */

import { toJson } from "./convert-text.ts";
import type { SettingPath } from "./setting-index.ts";

interface Spelling {
  readonly path: readonly string[];
  readonly convert?: (value: unknown) => unknown;
}

const multiplyBy =
  (factor: number) =>
  (value: unknown): unknown =>
    typeof value === "number" ? value * factor : value;

const toFact = (value: unknown): unknown => (value === 1 ? true : value === 0 ? false : value);

function toClientEventPolicy(value: unknown): unknown {
  const fact = toFact(value);
  return fact === true ? "members" : fact === false ? "none" : value;
}

const appSpellings: Readonly<Record<string, Spelling>> = {
  appId: { path: ["id"] },
  appKey: { path: ["key"] },
  appSecret: { path: ["secret"] },
  enabled: { path: ["enabled"], convert: toFact },
  maxConnections: { path: ["connection", "maxConnections"] },
  allowedOrigins: { path: ["connection", "allowedOrigins"] },
  activityTimeout: { path: ["connection", "activityTimeoutSeconds"] },
  pingInterval: { path: ["connection", "pingIntervalMs"], convert: multiplyBy(1000) },
  maxMessageBytes: { path: ["connection", "maxMessageBytes"] },
  tlsOnly: { path: ["connection", "requireTls"], convert: toFact },
  enableUserAuthentication: { path: ["connection", "requireUserAuthentication"], convert: toFact },
  maxChannelNameLength: { path: ["channels", "maxNameLength"] },
  maxPresenceMembersPerChannel: { path: ["channels", "maxPresenceMembers"] },
  maxPresenceMemberSizeInKb: { path: ["channels", "maxPresenceMemberBytes"], convert: multiplyBy(1024) },
  subscriptionCount: { path: ["channels", "subscriptionCount"], convert: toFact },
  watchlist: { path: ["channels", "watchlist"], convert: toFact },
  enableWatchlistEvents: { path: ["channels", "watchlist"], convert: toFact },
  enableClientMessages: { path: ["events", "clientEvents"], convert: toClientEventPolicy },
  maxEventChannelsAtOnce: { path: ["events", "maxChannelsPerEvent"] },
  maxEventNameLength: { path: ["events", "maxNameLength"] },
  maxEventPayloadInKb: { path: ["events", "maxDataBytes"], convert: multiplyBy(1024) },
  maxEventBatchSize: { path: ["events", "maxBatchItems"] },
  maxBackendEventsPerSecond: { path: ["rates", "maxBackendEventsPerSecond"] },
  maxBackendEventsPerSec: { path: ["rates", "maxBackendEventsPerSecond"] },
  maxClientEventsPerSecond: { path: ["rates", "maxClientEventsPerSecond"] },
  maxClientEventsPerSec: { path: ["rates", "maxClientEventsPerSecond"] },
  maxReadRequestsPerSecond: { path: ["rates", "maxReadRequestsPerSecond"] },
  maxReadReqPerSec: { path: ["rates", "maxReadRequestsPerSecond"] },
  previousSecret: { path: ["previousSecret"] },
};

const webhookSpellings: Readonly<Record<string, Spelling>> = {
  event_types: { path: ["eventTypes"] },
};

const filterSpellings: Readonly<Record<string, Spelling>> = {
  channel_name_starts_with: { path: ["channelNameStartsWith"] },
  channel_name_ends_with: { path: ["channelNameEndsWith"] },
};

const toCamel = (name: string): string =>
  name
    .replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
    .replace(/^[A-Z]/, (letter) => letter.toLowerCase());

function findSpelling(table: Readonly<Record<string, Spelling>>, name: string): Spelling | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

function respell(
  path: SettingPath,
  depth: number,
  spelling: Spelling,
  value: unknown,
): { path: SettingPath; value: unknown } {
  return {
    path: [...path.slice(0, depth), ...spelling.path, ...path.slice(depth + 1)],
    value: spelling.convert === undefined ? value : spelling.convert(value),
  };
}

/**
 * Gives path and value in our spelling; `undefined` where a foreign spelling holds null or an empty text, which means
 * the default.
 */
export function normalizeAppSetting(
  path: SettingPath,
  value: unknown,
): { path: SettingPath; value: unknown } | undefined {
  const [section, index, name, webhook, webhookKey, filterKey] = path;
  if (section !== "apps" || typeof index !== "number" || typeof name !== "string") return { path, value };
  if (path.length === 3 && name === "id" && typeof value === "number") return { path, value: String(value) };
  if (name === "webhooks" && typeof webhook === "number" && typeof webhookKey === "string") {
    const spelling = findSpelling(webhookSpellings, webhookKey);
    if (spelling !== undefined) return respell(path, 4, spelling, value);
    const filter = typeof filterKey === "string" ? findSpelling(filterSpellings, filterKey) : undefined;
    return webhookKey === "filter" && filter !== undefined
      ? respell(path, 5, filter, value)
      : { path, value };
  }
  const camel = toCamel(name);
  if (camel === "webhooks" && typeof value === "string") {
    return value === "" ? undefined : { path: ["apps", index, "webhooks"], value: toJson(value) };
  }
  if (camel === "webhooks" || camel === "profile")
    return { path: ["apps", index, camel, ...path.slice(3)], value };
  const spelling = findSpelling(appSpellings, camel);
  if (spelling === undefined || (path.length > 3 && !Array.isArray(value))) return { path, value };
  if (value === null || value === "") return undefined;
  const respelled = respell(path, 2, spelling, value);
  return camel === "appId" && typeof value === "number" ? { ...respelled, value: String(value) } : respelled;
}
