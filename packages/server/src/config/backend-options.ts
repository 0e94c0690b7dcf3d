/** Turns the settings of Redis and NATS into what their clients are made with. Certificates of Redis are read on the way. */

import { readFileSync } from "node:fs";
import {
  describeNats,
  type NatsOptions,
  type NatsTarget,
  resolveNatsOptions,
} from "../cluster/nats/nats-options.ts";
import {
  describeRedis,
  readRedisOptions,
  type RedisOptions,
  type RedisSettings,
} from "../cluster/redis/redis-options.ts";
import type { Settings } from "./schema.ts";

export type BackendSettings = Readonly<Pick<Settings, "cluster" | "redis" | "nats">>;

const readText = (file: string): string => readFileSync(file, "utf8");

/** @param read gives the text of a file; throws Node's error if it cannot be read. */
export function createRedisOptions({ cluster, redis }: BackendSettings, read = readText): RedisOptions {
  const { tls } = redis;
  const readOptional = (file: string | undefined) => (file === undefined ? undefined : read(file));
  const certificates = {
    ca: readOptional(tls.ca),
    cert: readOptional(tls.cert),
    key: readOptional(tls.key),
    passphrase: tls.passphrase,
    servername: tls.serverName,
    rejectUnauthorized: tls.verify,
  };
  return {
    url: redis.url,
    host: redis.host,
    port: redis.port,
    username: redis.username,
    password: redis.password,
    database: redis.database,
    sentinel: redis.sentinel,
    cluster: redis.cluster.nodes,
    // A URL may ask for TLS as well, and then wants the same certificates.
    tls: tls.enabled || redis.url?.startsWith("rediss:") === true ? certificates : false,
    connectTimeoutMs: redis.connectTimeoutMs,
    prefix: cluster.prefix,
  };
}

/** Files stay names: the client reads them for each connection. */
export function createNatsOptions({ cluster, nats }: BackendSettings): NatsOptions {
  const { tls, ...others } = nats;
  return {
    ...others,
    tls: tls.enabled ? { ca: tls.ca, cert: tls.cert, key: tls.key } : undefined,
    prefix: cluster.prefix,
  };
}

/** Settings of Redis that `loadConfig` has checked. Throws Node's error if a certificate cannot be read. */
export function readRedisSettings(settings: BackendSettings, read = readText): RedisSettings {
  const reading = readRedisOptions(createRedisOptions(settings, read));
  if ("settings" in reading) return reading.settings;
  throw new TypeError(reading.failures.map(({ message }) => message).join(" "));
}

/** Settings of NATS that `loadConfig` has checked. */
export function readNatsTarget(settings: BackendSettings): NatsTarget {
  const target = resolveNatsOptions(createNatsOptions(settings));
  if ("servers" in target) return target;
  throw new TypeError(target.message);
}

/** What joins this node to others and where that is, for people: no credentials. `undefined` where it is alone. */
export function describeCluster(settings: BackendSettings): string | undefined {
  switch (settings.cluster.driver) {
    case "redis":
      return describeRedis(readRedisSettings(settings, () => ""));
    case "nats":
      return describeNats(readNatsTarget(settings));
    default:
      return undefined;
  }
}
