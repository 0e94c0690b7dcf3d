import { describe, expect, it } from "vitest";
import type { Environment } from "./environment.ts";
import { type ConfigResult, loadConfig } from "./load-config.ts";
import { reverbTable } from "./reverb-environment.ts";
import { soketiTable } from "./soketi-environment.ts";

const laravelEnv = `APP_NAME=Laravel
APP_ENV=local
APP_KEY=base64:Zm9vYmFyYmF6
APP_URL=http://localhost

BROADCAST_CONNECTION=reverb
CACHE_STORE=database
QUEUE_CONNECTION=database

REDIS_CLIENT=phpredis
REDIS_HOST=127.0.0.1
REDIS_PASSWORD=null
REDIS_PORT=6379

REVERB_APP_ID=256980
REVERB_APP_KEY=yrmspqhzfxhk5xq3vnlb
REVERB_APP_SECRET=iu8rmvgyr0qbdw0nslxu
REVERB_HOST="localhost"
REVERB_PORT=8080
REVERB_SCHEME=http

VITE_REVERB_APP_KEY="\${REVERB_APP_KEY}"
VITE_REVERB_HOST="\${REVERB_HOST}"
VITE_REVERB_PORT="\${REVERB_PORT}"
VITE_REVERB_SCHEME="\${REVERB_SCHEME}"
`;

function expectConfig(result: ConfigResult): Extract<ConfigResult, { ok: true }> {
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join("\n"));
  return result;
}

const load = async (env: Environment) => expectConfig(await loadConfig({ env }));
const reverbApp = { REVERB_APP_ID: "1", REVERB_APP_KEY: "key", REVERB_APP_SECRET: "secret" };
const messages = ({ warnings }: ConfigResult) => warnings.map(({ message }) => message);

describe("the environment of Laravel Reverb", () => {
  it("works as `reverb:install` writes it into a .env file", async () => {
    const result = expectConfig(
      await loadConfig({
        env: {},
        envFile: ".env",
        files: { cwd: "/srv", readFile: () => Promise.resolve(laravelEnv) },
      }),
    );
    const { config, origins, warnings } = result;
    expect(config.developmentApp).toBe(false);
    expect(config.server).toMatchObject({ host: "127.0.0.1", port: 8080, hostname: "localhost" });
    expect(config.apps).toHaveLength(1);
    expect(config.apps[0]).toMatchObject({
      id: "256980",
      key: "yrmspqhzfxhk5xq3vnlb",
      secret: "iu8rmvgyr0qbdw0nslxu",
      profile: "reverb",
      events: { clientEvents: "members" },
    });
    expect(origins.get("server.port")).toBe("default of Reverb");
    expect(origins.get("apps[0].key")).toBe("env file .env REVERB_APP_KEY");
    expect(warnings.map(({ name }) => name)).toEqual(["config-peer-address-differs"]);
  });

  it("binds where REVERB_SERVER_HOST and REVERB_SERVER_PORT say", async () => {
    const result = await load({ ...reverbApp, REVERB_SERVER_HOST: "0.0.0.0", REVERB_SERVER_PORT: "9000" });
    expect(result.config.server).toMatchObject({ host: "0.0.0.0", port: 9000 });
    expect(result.origins.get("server.port")).toBe("env REVERB_SERVER_PORT");
    expect(result.warnings).toEqual([]);
  });

  it("warns where the Laravel app dials another port than the one that is bound", async () => {
    const env = { ...reverbApp, REVERB_SERVER_HOST: "0.0.0.0", REVERB_SERVER_PORT: "9000" };
    expect(messages(await load({ ...env, REVERB_PORT: "8080" }))).toEqual([
      "REVERB_PORT sends the Laravel app and its clients to port 8080, but the server listens on 9000.",
    ]);
    expect(messages(await load({ ...env, REVERB_PORT: "443" }))).toEqual([]);
  });

  it("maps seconds, sizes and client events of every app", async () => {
    const result = await load({
      ...reverbApp,
      REVERB_SERVER_HOST: "0.0.0.0",
      REVERB_APP_PING_INTERVAL: "60",
      REVERB_APP_ACTIVITY_TIMEOUT: "45",
      REVERB_APP_MAX_CONNECTIONS: "50",
      REVERB_APP_MAX_MESSAGE_SIZE: "10000",
      REVERB_MAX_REQUEST_SIZE: "20000",
      REVERB_APP_ACCEPT_CLIENT_EVENTS_FROM: "all",
    });
    expect(result.config.limits.maxRequestBytes).toBe(20_000);
    expect(result.config.apps[0]?.connection).toMatchObject({
      pingIntervalMs: 60_000,
      activityTimeoutSeconds: 45,
      maxConnections: 50,
      maxMessageBytes: 10_000,
    });
    expect(result.config.apps[0]?.events.clientEvents).toBe("members");
    expect(messages(result)).toEqual([
      "REVERB_APP_ACCEPT_CLIENT_EVENTS_FROM is not taken literally: only subscribers of a channel may send client events to it (members).",
    ]);
  });

  it("limits the rate of messages only where the limit is switched on", async () => {
    const env = { ...reverbApp, REVERB_SERVER_HOST: "0.0.0.0", REVERB_APP_RATE_LIMIT_MAX_ATTEMPTS: "10" };
    const off = await load(env);
    expect(off.config.apps[0]?.rates.messages).toBeUndefined();
    expect(messages(off)).toEqual([
      "The environment variable REVERB_APP_RATE_LIMIT_MAX_ATTEMPTS is known but ignored: REVERB_APP_RATE_LIMITING_ENABLED is not true.",
    ]);
    const on = await load({
      ...env,
      REVERB_APP_RATE_LIMITING_ENABLED: "true",
      REVERB_APP_RATE_LIMIT_TERMINATE: "true",
    });
    expect(on.config.apps[0]?.rates).toMatchObject({
      messages: { max: 10, windowSeconds: 60 },
      terminateOnLimit: true,
    });
  });

  it("keeps a profile that is given", async () => {
    const { config } = await load({ ...reverbApp, ANTIPHON_APPS_0_PROFILE: "pusher" });
    expect(config.apps[0]?.profile).toBe("pusher");
    expect(config.apps[0]?.connection.activityTimeoutSeconds).toBe(120);
  });

  it("names the part of the app that is missing", async () => {
    const result = await loadConfig({ env: { REVERB_APP_ID: "1", REVERB_APP_KEY: "key" } });
    expect(result.ok ? [] : result.problems.map(({ evidence }) => evidence["path"])).toEqual([
      "apps[0].secret",
    ]);
  });
});

describe("the environment of soketi", () => {
  it("moves with its app, webhooks, limits and metrics", async () => {
    const result = await load({
      SOKETI_HOST: "0.0.0.0",
      SOKETI_PORT: "6002",
      SOKETI_PATH_PREFIX: "/ws/",
      SOKETI_DEBUG: "1",
      SOKETI_DEFAULT_APP_ID: "42",
      SOKETI_DEFAULT_APP_KEY: "key",
      SOKETI_DEFAULT_APP_SECRET: "secret",
      SOKETI_DEFAULT_APP_ENABLE_CLIENT_MESSAGES: "true",
      SOKETI_DEFAULT_APP_WEBHOOKS:
        '[{"url":"https://a.test/hook","event_types":["channel_occupied"],"filter":{"channel_name_starts_with":"private-"}}]',
      SOKETI_EVENT_MAX_SIZE_IN_KB: "50",
      SOKETI_PRESENCE_MAX_MEMBER_SIZE: "0.5",
      SOKETI_SHUTDOWN_GRACE_PERIOD: "3000",
      SOKETI_METRICS_ENABLED: "1",
    });
    const { config } = result;
    expect(config.server).toMatchObject({
      host: "0.0.0.0",
      port: 6002,
      pathPrefix: "/ws",
      shutdownGraceMs: 3000,
    });
    expect(config.log.level).toBe("debug");
    expect(config.metrics).toEqual({ enabled: true, host: "0.0.0.0", port: 9601, prefix: "soketi_" });
    expect(config.apps[0]).toMatchObject({
      id: "42",
      profile: "soketi",
      events: { clientEvents: "members", maxDataBytes: 51_200 },
      channels: { maxPresenceMemberBytes: 512 },
      webhooks: [
        {
          url: "https://a.test/hook",
          eventTypes: ["channel_occupied"],
          filter: { channelNameStartsWith: "private-" },
          debounceMs: 0,
        },
      ],
    });
    expect(result.warnings).toEqual([]);
  });

  it("completes a half-given app with soketi's defaults, and warns of the known secret on a public address", async () => {
    const result = await load({ SOKETI_HOST: "0.0.0.0", SOKETI_DEFAULT_APP_MAX_CONNS: "10" });
    expect(result.config.apps[0]).toMatchObject({ id: "app-id", key: "app-key", secret: "app-secret" });
    expect(result.origins.get("apps[0].secret")).toBe("default of soketi");
    expect(messages(result)).toEqual([
      "apps[0].secret is the secret that soketi ships as its default, so everybody knows it.",
    ]);
  });

  it("does not define an app by server settings alone", async () => {
    const { config } = await load({ SOKETI_PORT: "6002", SOKETI_EVENT_MAX_NAME_LENGTH: "50" });
    expect(config.developmentApp).toBe(true);
    expect(config.apps[0]?.events.maxNameLength).toBe(50);
  });

  it("names drivers that are not available, and is silent about those that are the default", async () => {
    const app = { SOKETI_HOST: "0.0.0.0", SOKETI_DEFAULT_APP_SECRET: "s" };
    const local = {
      SOKETI_ADAPTER_DRIVER: "local",
      SOKETI_QUEUE_DRIVER: "sync",
      SOKETI_APP_MANAGER_DRIVER: "array",
    };
    expect(messages(await load({ ...app, ...local }))).toEqual([]);
    expect(messages(await load({ ...app, SOKETI_APP_MANAGER_DRIVER: "mysql" }))).toEqual([
      "SOKETI_APP_MANAGER_DRIVER asks for apps in a database, which is not available in this version; apps come from the configuration.",
    ]);
  });

  it("names a misspelt variable with the nearest known one", async () => {
    expect(messages(await load({ SOKETI_HOST: "127.0.0.1", SOKETI_DEFAULT_APP_KYE: "x" }))).toEqual([
      "The environment variable SOKETI_DEFAULT_APP_KYE has no effect. The closest known name is SOKETI_DEFAULT_APP_KEY.",
    ]);
  });
});

/** Every name that the documentation of Reverb and soketi lists, with a value that is not the default. */
const documented: Readonly<Record<string, string>> = {
  REVERB_SERVER_HOST: "127.0.0.9",
  REVERB_SERVER_PORT: "9999",
  REVERB_SERVER_PATH: "reverb",
  REVERB_HOST: "ws.example.com",
  REVERB_PORT: "1234",
  REVERB_MAX_REQUEST_SIZE: "12345",
  REVERB_SCALING_ENABLED: "true",
  REVERB_SCALING_CHANNEL: "other",
  REDIS_URL: "redis://other:6380",
  REDIS_HOST: "other",
  REDIS_PORT: "6380",
  REDIS_USERNAME: "user",
  REDIS_PASSWORD: "word",
  REDIS_DB: "1",
  REDIS_TIMEOUT: "61",
  REVERB_APP_ID: "11",
  REVERB_APP_KEY: "other-key",
  REVERB_APP_SECRET: "other-secret",
  REVERB_APP_PING_INTERVAL: "61",
  REVERB_APP_ACTIVITY_TIMEOUT: "31",
  REVERB_APP_MAX_CONNECTIONS: "7",
  REVERB_APP_MAX_MESSAGE_SIZE: "10001",
  REVERB_APP_ACCEPT_CLIENT_EVENTS_FROM: "none",
  REVERB_APP_RATE_LIMITING_ENABLED: "true",
  REVERB_APP_RATE_LIMIT_MAX_ATTEMPTS: "61",
  REVERB_APP_RATE_LIMIT_DECAY_SECONDS: "61",
  REVERB_APP_RATE_LIMIT_TERMINATE: "true",
  REVERB_PULSE_INGEST_INTERVAL: "16",
  REVERB_TELESCOPE_INGEST_INTERVAL: "16",
  SOKETI_HOST: "127.0.0.9",
  SOKETI_PORT: "6009",
  SOKETI_PATH_PREFIX: "/x",
  SOKETI_DEBUG: "true",
  SOKETI_MODE: "worker",
  SOKETI_SHUTDOWN_GRACE_PERIOD: "3001",
  SOKETI_SSL_PASS: "pass",
  SOKETI_SSL_CA: "/srv/ca.pem",
  SOKETI_DEFAULT_APP_ID: "12",
  SOKETI_DEFAULT_APP_KEY: "soketi-key",
  SOKETI_DEFAULT_APP_SECRET: "soketi-secret",
  SOKETI_DEFAULT_APP_MAX_CONNS: "8",
  SOKETI_DEFAULT_APP_ENABLE_CLIENT_MESSAGES: "true",
  SOKETI_DEFAULT_APP_ENABLED: "false",
  SOKETI_DEFAULT_APP_MAX_BACKEND_EVENTS_PER_SEC: "5",
  SOKETI_DEFAULT_APP_MAX_CLIENT_EVENTS_PER_SEC: "5",
  SOKETI_DEFAULT_APP_MAX_READ_REQ_PER_SEC: "5",
  SOKETI_DEFAULT_APP_USER_AUTHENTICATION: "true",
  SOKETI_DEFAULT_APP_WEBHOOKS: '[{"url":"http://a.test/","event_types":["cache_miss"]}]',
  SOKETI_USER_AUTHENTICATION_TIMEOUT: "30001",
  SOKETI_CHANNEL_LIMITS_MAX_NAME_LENGTH: "201",
  SOKETI_CHANNEL_CACHE_TTL: "3601",
  SOKETI_EVENT_MAX_BATCH_SIZE: "11",
  SOKETI_EVENT_MAX_CHANNELS_AT_ONCE: "101",
  SOKETI_EVENT_MAX_NAME_LENGTH: "201",
  SOKETI_EVENT_MAX_SIZE_IN_KB: "101",
  SOKETI_PRESENCE_MAX_MEMBERS: "101",
  SOKETI_PRESENCE_MAX_MEMBER_SIZE: "3",
  SOKETI_HTTP_ACCEPT_TRAFFIC_MEMORY_THRESHOLD: "86",
  SOKETI_WEBHOOKS_BATCHING: "true",
  SOKETI_WEBHOOKS_BATCHING_DURATION: "51",
  SOKETI_METRICS_ENABLED: "false",
  SOKETI_METRICS_DRIVER: "other",
  SOKETI_METRICS_HOST: "127.0.0.9",
  SOKETI_METRICS_SERVER_PORT: "9602",
  SOKETI_METRICS_PROMETHEUS_PREFIX: "x_",
  SOKETI_ADAPTER_DRIVER: "nats",
  SOKETI_ADAPTER_REDIS_PREFIX: "other",
  SOKETI_ADAPTER_REDIS_CLUSTER_MODE: "true",
  SOKETI_ADAPTER_REDIS_REQUESTS_TIMEOUT: "5001",
  SOKETI_ADAPTER_REDIS_SUB_OPTIONS: '{"tls":{}}',
  SOKETI_ADAPTER_REDIS_PUB_OPTIONS: '{"enableReadyCheck":false}',
  SOKETI_ADAPTER_NATS_SERVERS: '["nats://a:4222","nats://b:4222"]',
  SOKETI_ADAPTER_NATS_PREFIX: "other",
  SOKETI_ADAPTER_NATS_USER: "user",
  SOKETI_ADAPTER_NATS_PASSWORD: "word",
  SOKETI_ADAPTER_NATS_PASS: "word",
  SOKETI_ADAPTER_NATS_TOKEN: "token",
  SOKETI_ADAPTER_NATS_TIMEOUT: "10001",
  SOKETI_ADAPTER_NATS_REQUESTS_TIMEOUT: "5001",
  SOKETI_ADAPTER_NATS_NODES_NUMBER: "3",
  SOKETI_CACHE_DRIVER: "redis",
  SOKETI_CACHE_REDIS_OPTIONS: "{}",
  SOKETI_CACHE_REDIS_CLUSTER_MODE: "true",
  SOKETI_QUEUE_DRIVER: "redis",
  SOKETI_QUEUE_REDIS_CONCURRENCY: "2",
  SOKETI_QUEUE_REDIS_OPTIONS: '{"db":2}',
  SOKETI_QUEUE_REDIS_CLUSTER_MODE: "true",
  SOKETI_RATE_LIMITER_DRIVER: "redis",
  SOKETI_RATE_LIMITER_REDIS_OPTIONS: "{}",
  SOKETI_RATE_LIMITER_REDIS_CLUSTER_MODE: "true",
  SOKETI_DB_REDIS_HOST: "other",
  SOKETI_DB_REDIS_PORT: "6380",
  SOKETI_DB_REDIS_DB: "1",
  SOKETI_DB_REDIS_USERNAME: "user",
  SOKETI_DB_REDIS_PASSWORD: "word",
  SOKETI_DB_REDIS_KEY_PREFIX: "other",
  SOKETI_DB_REDIS_SENTINELS: '[{"host":"a","port":26379}]',
  SOKETI_DB_REDIS_SENTINEL_PASSWORD: "word",
  SOKETI_DB_REDIS_CLUSTER_NODES: '[{"host":"a","port":7000}]',
  SOKETI_DB_REDIS_INSTANCE_NAME: "main",
};

const unavailable =
  `ADAPTER_CLUSTER_REQUESTS_TIMEOUT CLUSTER_PORT CLUSTER_PREFIX CLUSTER_MULTICAST_ADDRESS QUEUE_SQS_REGION QUEUE_SQS_URL
DB_MYSQL_HOST DB_MYSQL_PORT
DB_MYSQL_USERNAME DB_MYSQL_PASSWORD DB_MYSQL_DATABASE DB_POSTGRES_HOST DB_POSTGRES_PORT DB_POSTGRES_USERNAME
DB_POSTGRES_PASSWORD DB_POSTGRES_DATABASE DB_POOLING_ENABLED DB_POOLING_MIN DB_POOLING_MAX APP_MANAGER_DRIVER
APP_MANAGER_CACHE_ENABLED APP_MANAGER_CACHE_TTL APP_MANAGER_MYSQL_TABLE APP_MANAGER_MYSQL_VERSION APP_MANAGER_MYSQL_USE_V2
APP_MANAGER_POSTGRES_TABLE APP_MANAGER_POSTGRES_VERSION APP_MANAGER_DYNAMODB_TABLE APP_MANAGER_DYNAMODB_REGION
APP_MANAGER_DYNAMODB_ENDPOINT`
    .split(/\s+/)
    .map((name) => `SOKETI_${name}`);

const reverbSwitches = {
  REVERB_APP_RATE_LIMITING_ENABLED: "true",
  REVERB_SCALING_ENABLED: "true",
  REVERB_SERVER_HOST: "127.0.0.1",
};

/** What has to be on for the variable to count. */
function adapterSwitches(name: string): Environment {
  if (name.startsWith("SOKETI_ADAPTER_NATS_")) {
    const login = /_(?:USER|PASS|PASSWORD)$/.test(name) ? { SOKETI_ADAPTER_NATS_USER: "someone" } : {};
    return { SOKETI_ADAPTER_DRIVER: "nats", ...login };
  }
  if (name.startsWith("SOKETI_ADAPTER_REDIS_")) return { SOKETI_ADAPTER_DRIVER: "redis" };
  return {};
}

describe("every documented variable", () => {
  const files = { cwd: "/srv", readFile: () => Promise.resolve("") };

  it.each(Object.entries(documented))(
    "%s=%s changes the configuration or is reported",
    async (name, value) => {
      const base: Environment = /^RE(?:VERB|DIS)_/.test(name)
        ? { ...reverbApp, ...reverbSwitches, REDIS_PASSWORD: "word" }
        : {
            ...adapterSwitches(name),
            SOKETI_HOST: "127.0.0.1",
            SOKETI_DEFAULT_APP_ID: "1",
            SOKETI_DEFAULT_APP_KEY: "k",
            SOKETI_DEFAULT_APP_SECRET: "s",
          };
      const { [name]: _, ...without } = base;
      const [before, after] = await Promise.all([
        loadConfig({ env: without, files }),
        loadConfig({ env: { ...base, [name]: value }, files }),
      ]);
      const origins = [...expectConfig(after).origins.values()];
      const takesEffect = origins.includes(`env ${name}`) && JSON.stringify(after) !== JSON.stringify(before);
      const isReported = after.warnings.some(({ evidence }) => evidence["name"] === name);
      expect(takesEffect || isReported).toBe(true);
      expect(after.warnings.map(({ name }) => name)).not.toContain("config-env-unknown");
    },
  );

  it.each(unavailable)("%s is reported by name", async (name) => {
    const { warnings } = await loadConfig({ env: { [name]: "something" } });
    expect(warnings.filter(({ evidence }) => evidence["name"] === name)).toHaveLength(1);
    expect(warnings.map(({ name }) => name)).not.toContain("config-env-unknown");
  });

  it("is in one of the tables, the certificate and its key included", () => {
    const names = new Set([...Object.keys(reverbTable), ...Object.keys(soketiTable)]);
    const all = [
      ...Object.keys(documented),
      ...unavailable,
      "SOKETI_SSL_CERT",
      "SOKETI_SSL_KEY",
      "REVERB_SCHEME",
    ];
    expect(all.filter((name) => !names.has(name))).toEqual([]);
  });
});
