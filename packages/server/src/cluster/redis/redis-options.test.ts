import { describe, expect, it } from "vitest";
import { describeRedis, type RedisOptions, type RedisSettings, readRedisOptions } from "./redis-options.ts";

function read(options: RedisOptions): RedisSettings {
  const reading = readRedisOptions(options);
  if ("failures" in reading) throw new Error(JSON.stringify(reading.failures));
  return reading.settings;
}

function problemsOf(options: RedisOptions): readonly string[] {
  const reading = readRedisOptions(options);
  return "failures" in reading ? reading.failures.map(({ message }) => message) : [];
}

describe("a single server", () => {
  it("is the one of this machine without any options", () => {
    expect(read({})).toEqual({
      deployment: { kind: "single", address: { host: "127.0.0.1", port: 6379 } },
      credentials: { username: undefined, password: undefined },
      database: 0,
      tls: undefined,
      connectTimeoutMs: 5000,
      prefix: "antiphon",
    });
  });

  it("is where the URL says, which is stronger than the single parts", () => {
    const settings = read({ url: "rediss://al%40ice:p%3Aw@[::1]:7000/3", host: "elsewhere", database: 5 });
    expect(settings.deployment).toEqual({ kind: "single", address: { host: "::1", port: 7000 } });
    expect(settings.credentials).toEqual({ username: "al@ice", password: "p:w" });
    expect(settings.database).toBe(3);
    expect(settings.tls).toEqual({});
  });

  it("keeps the single parts that the URL leaves out", () => {
    const settings = read({ url: "redis://redis.internal", port: 7001, password: "word" });
    expect(settings.deployment).toMatchObject({ address: { host: "redis.internal", port: 7001 } });
    expect(settings.credentials.password).toBe("word");
  });

  it("is reached with the certificates of the option where the URL asks for TLS", () => {
    expect(read({ url: "rediss://redis.internal", tls: { ca: "PEM" } }).tls).toEqual({ ca: "PEM" });
    expect(read({ tls: true }).tls).toEqual({});
    expect(read({ tls: false }).tls).toBeUndefined();
  });
});

describe("several servers", () => {
  it("are found through the Sentinels, with a login of their own", () => {
    const sentinel = { nodes: ["a:26379", "[::1]:26380"], password: "theirs" };
    expect(read({ sentinel, password: "master" })).toMatchObject({
      deployment: {
        kind: "sentinel",
        name: "mymaster",
        nodes: [
          { host: "a", port: 26379 },
          { host: "::1", port: 26380 },
        ],
        credentials: { password: "theirs" },
      },
      credentials: { password: "master" },
    });
  });

  it("are found through nodes of the Redis Cluster", () => {
    expect(read({ cluster: ["a:7000", "b:7001"] }).deployment).toMatchObject({ kind: "cluster" });
  });

  it("are one server where no nodes are named", () => {
    expect(read({ cluster: [], sentinel: { nodes: [] } }).deployment.kind).toBe("single");
  });
});

describe("wrong options", () => {
  it("are all told at once", () => {
    const problems = problemsOf({
      cluster: ["a:7000", "nonsense"],
      sentinel: { nodes: ["a:0"] },
      database: 1,
      prefix: "with {braces}",
      connectTimeoutMs: Number.NaN,
      username: "alice",
      port: 70_000,
    });
    expect(problems).toEqual([
      "The setting port for Redis cannot be used: it is not a port.",
      "The setting cluster for Redis cannot be used: it cannot be used together with Sentinels: a Redis Cluster needs none.",
      "The setting cluster for Redis cannot be used: it has an entry that is not an address such as 127.0.0.1:6379.",
      "The setting database for Redis cannot be used: it is always 0 in a Redis Cluster.",
      "The setting connectTimeoutMs for Redis cannot be used: it is not a time.",
      "The setting prefix for Redis cannot be used: it is not up to 64 letters, digits, - and _.",
      "The setting password for Redis cannot be used: it is missing, but there is a username.",
    ]);
  });

  it.each(["http://x:hidden@a", "redis://x:hid%den@a", "redis://x:hidden@a/one", "redis:", "hidden"])(
    "of the URL are told without its text: %s",
    (url) => {
      const problems = problemsOf({ url });
      expect(problems.length).toBeGreaterThan(0);
      expect(problems.join()).not.toContain("hid");
    },
  );
});

describe("the line for logs", () => {
  it.each<[RedisOptions, string]>([
    [{ url: "rediss://u:secret@r:1/2" }, "Redis at r:1, database 2 over TLS"],
    [{ host: "::1", password: "secret" }, "Redis at [::1]:6379"],
    [
      { sentinel: { name: "main", nodes: ["a:1", "b:2"], password: "secret" } },
      "Redis master main of the Sentinels at a:1, b:2",
    ],
    [{ cluster: ["a:1"], password: "secret" }, "Redis Cluster at a:1"],
  ])("names the servers and no credentials", (options, line) => {
    expect(describeRedis(read(options))).toBe(line);
  });
});
