/**
 * Checks of what joins nodes: settings of cluster, Redis, NATS and the webhook queue that exclude each other, and notices where
 * an address is taken for granted or nothing uses what is set. They look at the collected values, like `check-settings.ts`.
 */

import type { Failure } from "@antiphon/websocket";
import { natsDefaults, resolveNatsOptions } from "../cluster/nats/nats-options.ts";
import { readRedisOptions, redisDefaults } from "../cluster/redis/redis-options.ts";
import { configFailures } from "../failures/config-failures.ts";
import { findValue } from "./check-settings.ts";
import { formatPath } from "./describe-config.ts";
import type { LayeredSettings } from "./layered-settings.ts";
import { createNatsOptions, createRedisOptions } from "./backend-options.ts";
import type { Settings } from "./schema.ts";
import type { SettingPath } from "./setting-index.ts";

/** A node must be allowed to lose two heartbeats. */
const heartbeatsPerTimeout = 3;

interface Conflict {
  readonly first: SettingPath;
  readonly second: SettingPath;
  readonly reason: string;
}

const oneServer = "the first names one server, and the second says where to find it";

const conflicts: readonly Conflict[] = [
  {
    first: ["redis", "sentinel", "nodes"],
    second: ["redis", "cluster", "nodes"],
    reason: "Redis is watched by Sentinel, or it is a cluster",
  },
  { first: ["redis", "url"], second: ["redis", "sentinel", "nodes"], reason: oneServer },
  { first: ["redis", "url"], second: ["redis", "cluster", "nodes"], reason: oneServer },
  {
    first: ["redis", "database"],
    second: ["redis", "cluster", "nodes"],
    reason: "a Redis Cluster has only database 0",
  },
];

/** What of these settings can never work together. */
export function findClusterProblems(layers: LayeredSettings): Failure[] {
  const problems = conflicts
    .filter(({ first, second }) => isGiven(layers, first) && isGiven(layers, second))
    .map(({ first, second, reason }) =>
      configFailures.create("config-settings-conflict", {
        first: describePlace(layers, first),
        second: describePlace(layers, second),
        reason,
      }),
    );
  return [...problems, ...findShortTimeout(layers)];
}

function findShortTimeout(layers: LayeredSettings): Failure[] {
  const path = ["cluster", "nodeTimeoutMs"];
  const heartbeatMs = findValue(layers, ["cluster", "heartbeatMs"]);
  const timeoutMs = findValue(layers, path);
  if (typeof heartbeatMs !== "number" || typeof timeoutMs !== "number") return [];
  const leastMs = heartbeatsPerTimeout * heartbeatMs;
  if (timeoutMs >= leastMs) return [];
  const expected = `at least ${leastMs}, three times cluster.heartbeatMs`;
  const origin = layers.findOrigin(path) ?? "default";
  const evidence = { path: formatPath(path), value: String(timeoutMs), origin, expected };
  return [configFailures.create("config-value-invalid", evidence)];
}

/** What the clients of Redis and NATS would refuse, of settings that are fine each for itself. */
export function findUnusableBackends(settings: Settings): Failure[] {
  const used = [settings.cluster.driver, settings.webhooks.queue];
  const failures: Failure[] = [];
  if (used.includes("redis")) {
    const redis = readRedisOptions(createRedisOptions(settings, () => ""));
    if ("failures" in redis) failures.push(...redis.failures);
  }
  if (used.includes("nats")) {
    const nats = resolveNatsOptions(createNatsOptions(settings));
    if ("name" in nats) failures.push(nats);
  }
  return failures;
}

/** What is taken for granted, or has no effect. */
export function findClusterNotices(layers: LayeredSettings): Failure[] {
  return (["redis", "nats"] as const).flatMap((backend) => {
    const user = findUser(layers, backend);
    if (user === undefined) return findUnused(layers, backend);
    return isAddressGiven(layers, backend) ? [] : [explainDefaultAddress(layers, backend, user)];
  });
}

const titles = { redis: "Redis", nats: "NATS" } as const;

type Backend = keyof typeof titles;

const addressPaths: Readonly<Record<Backend, readonly SettingPath[]>> = {
  redis: [
    ["redis", "url"],
    ["redis", "host"],
    ["redis", "port"],
    ["redis", "sentinel", "nodes"],
    ["redis", "cluster", "nodes"],
  ],
  nats: [["nats", "servers"]],
};

const defaultAddresses: Readonly<Record<Backend, string>> = {
  redis: `${redisDefaults.host}:${redisDefaults.port}`,
  nats: natsDefaults.servers[0],
};

/** The setting that asks for this backend. */
function findUser(layers: LayeredSettings, backend: Backend): SettingPath | undefined {
  const users = [
    ["cluster", "driver"],
    ["webhooks", "queue"],
  ];
  return users.find((path) => findValue(layers, path) === backend);
}

function isAddressGiven(layers: LayeredSettings, backend: Backend): boolean {
  return addressPaths[backend].some((path) => isGiven(layers, path));
}

function explainDefaultAddress(layers: LayeredSettings, backend: Backend, user: SettingPath): Failure {
  return configFailures.create("config-backend-address-default", {
    path: formatPath(user),
    backend: titles[backend],
    origin: layers.findOrigin(user) ?? "default",
    address: defaultAddresses[backend],
  });
}

function findUnused(layers: LayeredSettings, backend: Backend): Failure[] {
  const origin = layers.findOrigin([backend]);
  if (origin === undefined) return [];
  return [
    configFailures.create("config-backend-unused", { section: backend, backend: titles[backend], origin }),
  ];
}

/** Set to something that says something: an empty list and a 0 do not. */
function isGiven(layers: LayeredSettings, path: SettingPath): boolean {
  const value = layers.get(path);
  return value !== undefined && value !== 0 && !(Array.isArray(value) && value.length === 0);
}

function describePlace(layers: LayeredSettings, path: SettingPath): string {
  return `${formatPath(path)} (${layers.findOrigin(path) ?? "default"})`;
}
