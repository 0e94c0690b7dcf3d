/**
 * Where Redis is and how to be let in: options as the configuration gives them go in, settings that were checked and that
 * have every default come out, and a line for logs that gives nothing away. The only place that reads these options.
 */

import type { Failure } from "@antiphon/websocket";
import { redisFailures } from "../../failures/redis-failures.ts";

/** Options of everything that talks to Redis. One of three: a single server, Sentinels that know it, or a Redis Cluster. */
export interface RedisOptions {
  /** `redis://[user[:password]@]host[:port][/database]`, or `rediss://` for TLS; stronger than the single parts. */
  readonly url?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Of leases and queues; what is published is heard in all databases. */
  readonly database?: number | undefined;
  readonly sentinel?: RedisSentinelOptions | undefined;
  /** Some nodes of a Redis Cluster, as `host:port`; the others are found through them. Empty: no Redis Cluster. */
  readonly cluster?: readonly string[] | undefined;
  readonly tls?: boolean | RedisTlsOptions | undefined;
  /** For one attempt, from TCP to the last answer of the opening. */
  readonly connectTimeoutMs?: number | undefined;
  /** First part of every name in Redis; nodes with the same prefix are one server. */
  readonly prefix?: string | undefined;
}

export interface RedisSentinelOptions {
  /** Under which the Sentinels watch the master. */
  readonly name?: string | undefined;
  /** As `host:port`. Empty: no Sentinel. */
  readonly nodes: readonly string[];
  /** At the Sentinels themselves. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

/** Certificates and keys are PEM texts. */
export interface RedisTlsOptions {
  readonly ca?: string | Buffer | undefined;
  readonly cert?: string | Buffer | undefined;
  readonly key?: string | Buffer | undefined;
  readonly passphrase?: string | undefined;
  /** Which the certificate must be for; the host by default. */
  readonly servername?: string | undefined;
  readonly rejectUnauthorized?: boolean | undefined;
}

export interface RedisAddress {
  readonly host: string;
  readonly port: number;
}

export interface RedisCredentials {
  readonly username: string | undefined;
  readonly password: string | undefined;
}

/** Which servers there are to ask. */
export type RedisDeployment =
  | { readonly kind: "single"; readonly address: RedisAddress }
  | {
      readonly kind: "sentinel";
      readonly name: string;
      readonly nodes: readonly RedisAddress[];
      readonly credentials: RedisCredentials;
    }
  | { readonly kind: "cluster"; readonly nodes: readonly RedisAddress[] };

/** Options that were checked, complete. */
export interface RedisSettings {
  readonly deployment: RedisDeployment;
  readonly credentials: RedisCredentials;
  readonly database: number;
  readonly tls: RedisTlsOptions | undefined;
  readonly connectTimeoutMs: number;
  readonly prefix: string;
}

export type RedisOptionsReading =
  | { readonly settings: RedisSettings }
  | { readonly failures: readonly Failure[] };

export const redisDefaults = {
  host: "127.0.0.1",
  port: 6379,
  sentinelName: "mymaster",
  connectTimeoutMs: 5000,
  prefix: "antiphon",
} as const;

/** Checks the options and completes them; tells everything that is wrong, not the first thing. */
export function readRedisOptions(options: RedisOptions): RedisOptionsReading {
  const failures: Failure[] = [];
  const report: ReportProblem = (setting, problem) => {
    failures.push(redisFailures.create("cluster-redis-options-invalid", { setting, problem }));
  };
  const fromUrl = options.url === undefined ? {} : readUrl(options.url, report);
  const address = {
    host: fromUrl.host ?? options.host ?? redisDefaults.host,
    port: fromUrl.port ?? options.port ?? redisDefaults.port,
  };
  if (!isPort(address.port)) report("port", "is not a port");
  const deployment = chooseDeployment(options, address, report);
  const database = fromUrl.database ?? options.database ?? 0;
  if (!Number.isInteger(database) || database < 0) report("database", "is not a number of a database");
  if (deployment.kind === "cluster" && database !== 0) report("database", "is always 0 in a Redis Cluster");
  const connectTimeoutMs = options.connectTimeoutMs ?? redisDefaults.connectTimeoutMs;
  if (!(connectTimeoutMs > 0)) report("connectTimeoutMs", "is not a time");
  const prefix = options.prefix ?? redisDefaults.prefix;
  // Braces would choose the slot in a Redis Cluster.
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(prefix)) report("prefix", "is not up to 64 letters, digits, - and _");
  const credentials = {
    username: fromUrl.username ?? emptyAsNone(options.username),
    password: fromUrl.password ?? emptyAsNone(options.password),
  };
  if (credentials.username !== undefined && credentials.password === undefined) {
    report("password", "is missing, but there is a username");
  }
  if (failures.length > 0) return { failures };
  const tls = chooseTls(options.tls, fromUrl.tls);
  return { settings: { deployment, credentials, database, tls, connectTimeoutMs, prefix } };
}

/** Where Redis is, for logs: no user, no password, not even inside a URL. */
export function describeRedis({ deployment, database, tls }: RedisSettings): string {
  const over = tls === undefined ? "" : " over TLS";
  switch (deployment.kind) {
    case "single":
      return `Redis at ${formatAddress(deployment.address)}${database === 0 ? "" : `, database ${database}`}${over}`;
    case "sentinel":
      return `Redis master ${deployment.name} of the Sentinels at ${formatAddresses(deployment.nodes)}${over}`;
    default:
      return `Redis Cluster at ${formatAddresses(deployment.nodes)}${over}`;
  }
}

/** `host:port`, an IPv6 address in brackets. */
export function formatAddress({ host, port }: RedisAddress): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A URL may ask for TLS and leave it to the option how. */
function chooseTls(option: RedisOptions["tls"], asked: boolean | undefined): RedisTlsOptions | undefined {
  if (typeof option === "object") return option;
  return option === true || asked === true ? {} : undefined;
}

type ReportProblem = (setting: string, problem: string) => void;

interface UrlParts extends Partial<RedisAddress>, Partial<RedisCredentials> {
  readonly database?: number;
  readonly tls?: boolean;
}

function readUrl(text: string, report: ReportProblem): UrlParts {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // The text itself may hold a password: it is not shown.
  if (url === undefined || !["redis:", "rediss:"].includes(url.protocol) || url.hostname === "") {
    report("url", "is not a URL such as redis://127.0.0.1:6379");
    return {};
  }
  const database = url.pathname.replace(/^\//, "");
  if (!/^\d*$/.test(database)) report("url", "has a path that is not the number of a database");
  const username = decodePart(url.username, report);
  const password = decodePart(url.password, report);
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    tls: url.protocol === "rediss:",
    ...(url.port !== "" && { port: Number(url.port) }),
    ...(database !== "" && { database: Number(database) }),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
  };
}

function decodePart(text: string, report: ReportProblem): string | undefined {
  try {
    return emptyAsNone(decodeURIComponent(text));
  } catch {
    report("url", "has a user or password with a % that is not an escape");
    return undefined;
  }
}

function chooseDeployment(
  options: RedisOptions,
  address: RedisAddress,
  report: ReportProblem,
): RedisDeployment {
  const { sentinel, cluster = [] } = options;
  const sentinels = sentinel?.nodes ?? [];
  if (sentinels.length > 0 && cluster.length > 0) {
    report("cluster", "cannot be used together with Sentinels: a Redis Cluster needs none");
  }
  if (cluster.length > 0) return { kind: "cluster", nodes: readAddresses(cluster, "cluster", report) };
  if (sentinel === undefined || sentinels.length === 0) return { kind: "single", address };
  return {
    kind: "sentinel",
    name: sentinel.name ?? redisDefaults.sentinelName,
    nodes: readAddresses(sentinels, "sentinel.nodes", report),
    credentials: { username: emptyAsNone(sentinel.username), password: emptyAsNone(sentinel.password) },
  };
}

function readAddresses(texts: readonly string[], option: string, report: ReportProblem): RedisAddress[] {
  return texts.flatMap((text) => {
    const [, bracketed, plain, port] = /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:/@[\]]+)):(\d{1,5})$/.exec(text) ?? [];
    const host = bracketed ?? plain;
    if (host !== undefined && isPort(Number(port))) return [{ host, port: Number(port) }];
    report(option, "has an entry that is not an address such as 127.0.0.1:6379");
    return [];
  });
}

function formatAddresses(addresses: readonly RedisAddress[]): string {
  return addresses.map(formatAddress).join(", ");
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535;
}

function emptyAsNone(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}
