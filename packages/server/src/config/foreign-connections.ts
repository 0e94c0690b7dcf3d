/**
 * Reads how other servers write down where Redis or NATS is: lists of addresses as JSON or with commas, URLs with other
 * schemes, and soketi's JSON of ioredis options. Text of a variable in; our values, or meanings, out.
 */

import { toBoolean, toJson } from "./convert-text.ts";
import type { ForeignMeaning } from "./foreign-setting.ts";
import type { SettingPath } from "./setting-index.ts";

const portOf = { redis: 6379, sentinel: 26_379 } as const;

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `[{"host":"a","port":1}]`, `["a:1"]`, `redis://a:1` or `a:1,b:2` as a list of `host:port`; the rest is left to the schema. */
export function toAddresses(kind: keyof typeof portOf): (text: string) => unknown {
  const toAddress = (item: unknown): unknown => {
    if (isObject(item)) {
      const { host, port = portOf[kind] } = item;
      return typeof host === "string" ? `${host}:${String(port)}` : item;
    }
    if (typeof item !== "string") return item;
    const address = item.replace(/^[a-z]+:\/\//, "").replace(/\/.*$/, "");
    return /:\d+$/.test(address) ? address : `${address}:${portOf[kind]}`;
  };
  return (text) => {
    const list = splitList(text);
    return Array.isArray(list) ? list.map(toAddress) : list;
  };
}

/** A JSON list, or items separated by commas. */
export function splitList(text: string): unknown {
  if (/^\s*[[{]/.test(text)) return toJson(text);
  return text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

/** PHP's and others' schemes for the same two things. */
const schemes: Readonly<Record<string, string>> = { "tcp:": "redis:", "tls:": "rediss:", "ssl:": "rediss:" };

/** A URL of Redis with the scheme that we use; `host:port` alone gets one. */
export function toRedisUrl(text: string): string {
  const scheme = /^[a-z]+:(?=\/\/)/.exec(text)?.[0];
  if (scheme === undefined) return `redis://${text}`;
  return `${schemes[scheme] ?? scheme}${text.slice(scheme.length)}`;
}

/** What fits in the name of a NATS subject as well: anything else becomes a hyphen. */
export function readPrefix(text: string): readonly ForeignMeaning[] {
  const prefix = text
    .replace(/[^A-Za-z0-9_-]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 32);
  if (prefix === "") return [{ kind: "ignored", reason: "no letter or digit is in it" }];
  const set: ForeignMeaning = { kind: "set", path: ["cluster", "prefix"], value: prefix };
  return prefix === text ? [set] : [set, { kind: "adjusted", reason: `the prefix in force is ${prefix}` }];
}

const optionPaths: Readonly<Record<string, SettingPath>> = {
  host: ["redis", "host"],
  port: ["redis", "port"],
  username: ["redis", "username"],
  password: ["redis", "password"],
  db: ["redis", "database"],
  connectTimeout: ["redis", "connectTimeoutMs"],
  sentinelUsername: ["redis", "sentinel", "username"],
  sentinelPassword: ["redis", "sentinel", "password"],
  name: ["redis", "sentinel", "name"],
};

const tlsPaths: Readonly<Record<string, SettingPath>> = {
  servername: ["redis", "tls", "serverName"],
  rejectUnauthorized: ["redis", "tls", "verify"],
};

/** The options that soketi hands to ioredis. What is not in them is not set; what has no equivalent is named. */
export function readIoredisOptions(text: string): readonly ForeignMeaning[] {
  const options = toJson(text);
  if (!isObject(options)) return [{ kind: "ignored", reason: "it is not a JSON object" }];
  const meanings: ForeignMeaning[] = [];
  const unknown: string[] = [];
  for (const [key, value] of Object.entries(options)) {
    const path = optionPaths[key];
    if (path !== undefined) meanings.push({ kind: "set", path, value });
    else if (key === "tls") meanings.push(...readTls(value, unknown));
    else unknown.push(key);
  }
  if (unknown.length === 0) return meanings.length === 0 ? [{ kind: "redundant" }] : meanings;
  const rest = meanings.length === 0 ? "" : "; the rest is taken over";
  return [...meanings, { kind: "adjusted", reason: `${unknown.join(", ")} of it has no equivalent${rest}` }];
}

function readTls(value: unknown, unknown: string[]): ForeignMeaning[] {
  const enabled = isObject(value) || toBoolean(String(value)) === true;
  const meanings: ForeignMeaning[] = [{ kind: "set", path: ["redis", "tls", "enabled"], value: enabled }];
  for (const [key, option] of isObject(value) ? Object.entries(value) : []) {
    const path = tlsPaths[key];
    if (path !== undefined) meanings.push({ kind: "set", path, value: option });
    // Certificates stand there as text, and here as files.
    else unknown.push(`tls.${key}`);
  }
  return meanings;
}
