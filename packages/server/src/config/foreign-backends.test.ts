import { describe, expect, it } from "vitest";
import type { Environment } from "./environment.ts";
import { type ConfigResult, loadConfig } from "./load-config.ts";

function expectConfig(result: ConfigResult): Extract<ConfigResult, { ok: true }> {
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join("\n"));
  return result;
}

const load = async (env: Environment) => expectConfig(await loadConfig({ env }));
const messages = ({ warnings }: ConfigResult) => warnings.map(({ message }) => message);

describe("scaling as Reverb's variables ask for it", () => {
  const app = { REVERB_APP_ID: "1", REVERB_APP_KEY: "key", REVERB_APP_SECRET: "secret" };
  const env = { ...app, REVERB_SERVER_HOST: "0.0.0.0" };

  it("joins nodes over the Redis that Laravel has", async () => {
    const result = await load({
      ...env,
      REVERB_SCALING_ENABLED: "true",
      REVERB_SCALING_CHANNEL: "shop",
      REDIS_HOST: "redis.internal",
      REDIS_PORT: "6380",
      REDIS_USERNAME: "app",
      REDIS_PASSWORD: "word",
      REDIS_DB: "2",
    });
    expect(result.config.cluster).toMatchObject({ driver: "redis", prefix: "shop" });
    expect(result.config.redis).toMatchObject({
      host: "redis.internal",
      port: 6380,
      username: "app",
      password: "word",
      database: 2,
    });
    expect(result.origins.get("cluster.driver")).toBe("env REVERB_SCALING_ENABLED");
    expect(messages(result)).toEqual([]);
  });

  it.each([
    ["redis://redis.internal:6380", "redis://redis.internal:6380"],
    ["tls://u:p@redis.internal:6380/1", "rediss://u:p@redis.internal:6380/1"],
    ["tcp://redis.internal", "redis://redis.internal"],
    ["redis.internal:6380", "redis://redis.internal:6380"],
  ])("takes REDIS_URL=%s as %s", async (text, url) => {
    const { config } = await load({ ...env, REVERB_SCALING_ENABLED: "1", REDIS_URL: text });
    expect(config.redis.url).toBe(url);
  });

  it("leaves Redis alone where Reverb would, without a word", async () => {
    const result = await load({
      ...env,
      REVERB_SCALING_ENABLED: "false",
      REDIS_HOST: "redis",
      REDIS_DB: "3",
    });
    expect(result.config.cluster.driver).toBe("none");
    expect(result.config.redis).toMatchObject({ host: "127.0.0.1", database: 0 });
    expect(messages(result)).toEqual([]);
  });

  it("says that it never gives a lost connection up, and which prefix is in force", async () => {
    const result = await load({
      ...env,
      REVERB_SCALING_ENABLED: "true",
      REVERB_SCALING_CHANNEL: "shop:live",
      REDIS_HOST: "redis",
      REDIS_TIMEOUT: "60",
    });
    expect(result.config.cluster.prefix).toBe("shop-live");
    expect(messages(result)).toEqual(
      [
        "The environment variable REDIS_TIMEOUT is known but ignored: a lost connection is tried again for ever.",
        "REVERB_SCALING_CHANNEL is not taken literally: the prefix in force is shop-live.",
      ].toSorted(),
    );
  });
});

describe("adapters as soketi's variables ask for them", () => {
  const env = { SOKETI_HOST: "0.0.0.0", SOKETI_DEFAULT_APP_SECRET: "s" };

  it("join nodes over Redis, with its TLS", async () => {
    const result = await load({
      ...env,
      SOKETI_ADAPTER_DRIVER: "redis",
      SOKETI_ADAPTER_REDIS_PREFIX: "soketi",
      SOKETI_ADAPTER_REDIS_PUB_OPTIONS: '{"tls":{"servername":"redis","rejectUnauthorized":false}}',
      SOKETI_DB_REDIS_HOST: "redis.internal",
      SOKETI_DB_REDIS_PASSWORD: "word",
      SOKETI_QUEUE_DRIVER: "redis",
      SOKETI_RATE_LIMITER_DRIVER: "redis",
      SOKETI_CACHE_DRIVER: "redis",
    });
    expect(result.config.cluster).toMatchObject({ driver: "redis", prefix: "soketi" });
    expect(result.config.redis).toMatchObject({
      host: "redis.internal",
      password: "word",
      tls: { enabled: true, serverName: "redis", verify: false },
    });
    expect(result.config.webhooks.queue).toBe("redis");
    expect(messages(result)).toEqual([]);
  });

  it("find Redis through Sentinels, and in a Redis Cluster", async () => {
    const redis = { ...env, SOKETI_ADAPTER_DRIVER: "redis" };
    const watched = await load({
      ...redis,
      SOKETI_DB_REDIS_SENTINELS: '[{"host":"a","port":26380},{"host":"b"}]',
      SOKETI_DB_REDIS_SENTINEL_PASSWORD: "theirs",
      SOKETI_DB_REDIS_INSTANCE_NAME: "main",
    });
    expect(watched.config.redis.sentinel).toEqual({
      nodes: ["a:26380", "b:26379"],
      name: "main",
      password: "theirs",
    });
    const nodes = { SOKETI_DB_REDIS_CLUSTER_NODES: '[{"host":"a","port":7000},{"host":"b","port":7001}]' };
    const clustered = await load({ ...redis, ...nodes, SOKETI_ADAPTER_REDIS_CLUSTER_MODE: "true" });
    expect(clustered.config.redis.cluster.nodes).toEqual(["a:7000", "b:7001"]);
    expect(messages(clustered)).toEqual([]);
    const single = await load({ ...redis, ...nodes, SOKETI_DB_REDIS_HOST: "c" });
    expect(single.config.redis.cluster.nodes).toEqual([]);
    expect(messages(single)).toEqual([
      "The environment variable SOKETI_DB_REDIS_CLUSTER_NODES is known but ignored: no cluster mode is on.",
    ]);
  });

  it("join nodes over NATS", async () => {
    const result = await load({
      ...env,
      SOKETI_ADAPTER_DRIVER: "nats",
      SOKETI_ADAPTER_NATS_SERVERS: '["nats-1:4222","nats://nats-2:4222"]',
      SOKETI_ADAPTER_NATS_USER: "user",
      SOKETI_ADAPTER_NATS_PASSWORD: "word",
      SOKETI_ADAPTER_NATS_TIMEOUT: "10000",
    });
    expect(result.config.cluster.driver).toBe("nats");
    expect(result.config.nats).toMatchObject({
      servers: ["nats-1:4222", "nats://nats-2:4222"],
      username: "user",
      password: "word",
      connectTimeoutMs: 10_000,
    });
    expect(messages(result)).toEqual([]);
  });

  it("by UDP are not available, and Redis and NATS are named instead", async () => {
    const result = await load({ ...env, SOKETI_ADAPTER_DRIVER: "cluster" });
    expect(result.config.cluster.driver).toBe("none");
    expect(messages(result)).toEqual([
      "SOKETI_ADAPTER_DRIVER asks for finding other nodes by UDP, which is not available in this version; this node works alone; the adapters redis and nats join nodes.",
    ]);
  });

  it("that are not chosen have no options", async () => {
    const result = await load({
      ...env,
      SOKETI_ADAPTER_NATS_SERVERS: "a:4222",
      SOKETI_ADAPTER_REDIS_PREFIX: "x",
      SOKETI_RATE_LIMITER_DRIVER: "redis",
      SOKETI_QUEUE_DRIVER: "sync",
    });
    expect(result.config.webhooks.queue).toBe("memory");
    expect(messages(result)).toEqual([
      "The environment variable SOKETI_ADAPTER_NATS_SERVERS is known but ignored: the adapter is not nats.",
      "The environment variable SOKETI_ADAPTER_REDIS_PREFIX is known but ignored: the adapter is not redis.",
      "The environment variable SOKETI_RATE_LIMITER_DRIVER is known but ignored: the nodes of a cluster share rate limits, and this one is alone.",
    ]);
  });

  it("get options of ioredis that have no equivalent named", async () => {
    const redis = { ...env, SOKETI_ADAPTER_DRIVER: "redis", SOKETI_DB_REDIS_HOST: "a" };
    const name = "SOKETI_ADAPTER_REDIS_SUB_OPTIONS";
    expect(messages(await load({ ...redis, [name]: '{"db":1,"family":6,"tls":{"ca":"PEM"}}' }))).toEqual([
      `${name} is not taken literally: family, tls.ca of it has no equivalent; the rest is taken over.`,
    ]);
    expect(messages(await load({ ...redis, [name]: "tls" }))).toEqual([
      `The environment variable ${name} is known but ignored: it is not a JSON object.`,
    ]);
  });
});

describe("adapters as Sockudo's variables ask for them", () => {
  const env = {
    SOCKUDO_DEFAULT_APP_ID: "1",
    SOCKUDO_DEFAULT_APP_KEY: "k",
    SOCKUDO_DEFAULT_APP_SECRET: "s",
    HOST: "127.0.0.1",
  };

  it("join nodes over Redis, its Sentinels and a Redis Cluster", async () => {
    const plain = await load({
      ...env,
      ADAPTER_DRIVER: "redis",
      REDIS_URL: "redis://:word@redis:6379/1",
      DATABASE_REDIS_KEY_PREFIX: "sockudo:",
      QUEUE_DRIVER: "redis",
      CACHE_DRIVER: "redis",
      CLUSTER_HEALTH_HEARTBEAT_INTERVAL: "10000",
      CLUSTER_HEALTH_NODE_TIMEOUT: "30000",
    });
    expect(plain.config.redis.url).toBe("redis://:word@redis:6379/1");
    expect(plain.config.cluster).toMatchObject({
      driver: "redis",
      prefix: "sockudo",
      heartbeatMs: 10_000,
      nodeTimeoutMs: 30_000,
    });
    expect(plain.config.webhooks.queue).toBe("redis");
    expect(messages(plain)).toEqual([
      "DATABASE_REDIS_KEY_PREFIX is not taken literally: the prefix in force is sockudo.",
    ]);
    const watched = await load({ ...env, ADAPTER_DRIVER: "redis", DATABASE_REDIS_SENTINELS: "a:26380, b" });
    expect(watched.config.redis.sentinel.nodes).toEqual(["a:26380", "b:26379"]);
    const clustered = await load({
      ...env,
      ADAPTER_DRIVER: "redis-cluster",
      REDIS_CLUSTER_NODES: "redis://a:7000,b:7001",
      REDIS_URL: "redis://c",
    });
    expect(clustered.config.cluster.driver).toBe("redis");
    expect(clustered.config.redis.cluster.nodes).toEqual(["a:7000", "b:7001"]);
    expect(messages(clustered)).toEqual([
      "The environment variable REDIS_URL is known but ignored: REDIS_CLUSTER_NODES says where Redis is.",
    ]);
  });

  it("join nodes over NATS", async () => {
    const { config } = await load({ ...env, ADAPTER_DRIVER: "nats", NATS_SERVERS: "nats://a:4222,b:4222" });
    expect(config.cluster.driver).toBe("nats");
    expect(config.nats.servers).toEqual(["nats://a:4222", "b:4222"]);
  });
});
