import { describe, expect, it } from "vitest";
import type { Environment } from "./environment.ts";
import { type ConfigResult, loadConfig } from "./load-config.ts";
import { isSoketiConfig } from "./soketi-config-file.ts";

function expectConfig(result: ConfigResult): Extract<ConfigResult, { ok: true }> {
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join("\n"));
  return result;
}

const loadAny = (content: unknown, env: Environment = {}) =>
  loadConfig({
    env,
    configFile: "soketi.json",
    files: { cwd: "/srv", readFile: () => Promise.resolve(JSON.stringify(content)) },
  });
const load = async (content: unknown, env?: Environment) => expectConfig(await loadAny(content, env));
const messages = ({ warnings }: ConfigResult) => warnings.map(({ message }) => message);

const app = { id: "some-id", key: "some-key", secret: "some-secret" };

describe("soketi's configuration file", () => {
  it("is taken as it is, with apps, limits, TLS paths and metrics", async () => {
    const result = await load({
      debug: true,
      host: "0.0.0.0",
      port: 6002,
      pathPrefix: "/ws",
      shutdownGracePeriod: 3000,
      userAuthenticationTimeout: 20_000,
      appManager: {
        driver: "array",
        array: {
          apps: [
            {
              ...app,
              maxConnections: 200,
              enableClientMessages: true,
              maxBackendEventsPerSecond: -1,
              maxClientEventsPerSecond: 5,
              maxReadRequestsPerSecond: -1,
              webhooks: [{ url: "https://a.test/hook", event_types: ["channel_occupied"] }],
            },
            { id: 2, key: "k2", secret: "s2", maxPresenceMembersPerChannel: 7 },
          ],
        },
      },
      channelLimits: { maxNameLength: 100, cacheTtl: 60 },
      eventLimits: { maxChannelsAtOnce: 5, maxPayloadInKb: 50 },
      presence: { maxMembersPerChannel: 50, maxMemberSizeInKb: 1 },
      httpApi: { requestLimitInMb: 2, acceptTraffic: { memoryThreshold: 90 } },
      metrics: { enabled: true, port: 9602, prometheus: { prefix: "soketi_" } },
      webhooks: { batching: { enabled: true, duration: 40 } },
    });
    const { config, origins } = result;
    expect(config.server).toMatchObject({
      host: "0.0.0.0",
      port: 6002,
      pathPrefix: "/ws",
      shutdownGraceMs: 3000,
    });
    expect(config.log.level).toBe("debug");
    expect(config.limits.maxRequestBytes).toBe(2_097_152);
    expect(config.health.memoryThresholdPercent).toBe(90);
    expect(config.metrics).toEqual({ enabled: true, host: "0.0.0.0", port: 9602, prefix: "soketi_" });
    expect(config.webhooks.batching).toMatchObject({ enabled: true, durationMs: 40 });
    const [first, second] = config.apps;
    expect(first).toMatchObject({
      ...app,
      profile: "soketi",
      connection: { maxConnections: 200, userAuthenticationTimeoutMs: 20_000 },
      channels: {
        maxNameLength: 100,
        cacheTtlSeconds: 60,
        maxPresenceMembers: 50,
        maxPresenceMemberBytes: 1024,
      },
      events: { clientEvents: "members", maxChannelsPerEvent: 5, maxDataBytes: 51_200 },
      rates: { maxClientEventsPerSecond: 5 },
      webhooks: [{ url: "https://a.test/hook", eventTypes: ["channel_occupied"], debounceMs: 0 }],
    });
    // What an app says for itself is stronger than what the file says for all.
    expect(second).toMatchObject({ id: "2", profile: "soketi", channels: { maxPresenceMembers: 7 } });
    expect(origins.get("apps[0].profile")).toBe("soketi configuration file");
    expect(origins.get("apps[0].channels.maxNameLength")).toBe("file soketi.json");
    expect(messages(result)).toEqual([]);
  });

  it("may write its paths with dots", async () => {
    const result = await load({
      host: "127.0.0.1",
      "appManager.driver": "array",
      "appManager.array.apps": [app],
      "appManager.array.apps.0.maxConnections": 9,
      "metrics.enabled": false,
    });
    expect(result.config.apps).toMatchObject([{ ...app, connection: { maxConnections: 9 } }]);
    expect(result.config.metrics.enabled).toBe(false);
    expect(messages(result)).toEqual([]);
  });

  it("is weaker than the environment", async () => {
    const file = { "appManager.array.apps": [app], port: 1, presence: { maxMembersPerChannel: 1 } };
    const { config } = await load(file, {
      SOKETI_PORT: "2",
      SOKETI_PRESENCE_MAX_MEMBERS: "3",
      SOKETI_DEFAULT_APP_MAX_CONNS: "4",
    });
    expect(config.server.port).toBe(2);
    expect(config.apps).toMatchObject([
      { ...app, connection: { maxConnections: 4 }, channels: { maxPresenceMembers: 3 } },
    ]);
  });

  it("has everything reported that does not do here what it did there", async () => {
    const result = await load({
      host: "127.0.0.1",
      adapter: { driver: "local", redis: { prefix: "a" } },
      appManager: { driver: "array", array: { apps: [{ ...app, enableStatistics: true }] } },
      cors: { origin: ["*"] },
      instance: { process_id: 7 },
      maxBackpressureInBytes: 67_108_864,
      eventLimits: { maxNameLenght: 5 },
    });
    expect(messages(result)).toEqual([
      "adapter.redis.prefix (file soketi.json) is known but ignored: the adapter is not redis.",
      "appManager.array.apps.0.enableStatistics (file soketi.json) is not an option of soketi and has no effect.",
      "cors.origin (file soketi.json) asks for cross-origin answers of the HTTP API, which is not available in this version; the API answers backends, and only the health routes answer pages.",
      "instance.process_id (file soketi.json) is known but ignored: a node takes a new name at every start.",
      "maxBackpressureInBytes (file soketi.json) is not an option of soketi and has no effect.",
      "eventLimits.maxNameLenght (file soketi.json) is not an option of soketi and has no effect. The closest known name is eventLimits.maxNameLength.",
    ]);
  });

  it("joins nodes over Redis as it says, the options that only count together included", async () => {
    const result = await load({
      host: "127.0.0.1",
      adapter: { driver: "redis", redis: { clusterMode: true, prefix: "a", redisPubOptions: { tls: {} } } },
      database: { redis: { clusterNodes: [{ host: "b", port: 7000 }], password: "word" } },
      queue: { driver: "redis" },
      appManager: { array: { apps: [app] } },
    });
    expect(result.config.cluster).toMatchObject({ driver: "redis", prefix: "a" });
    expect(result.config.redis).toMatchObject({
      password: "word",
      tls: { enabled: true },
      cluster: { nodes: ["b:7000"] },
    });
    expect(result.config.webhooks.queue).toBe("redis");
    expect(messages(result)).toEqual([]);
  });

  it("without an address gets a note, and with the known secret on a public one a warning", async () => {
    expect(messages(await load({ "appManager.array.apps": [app] }))).toEqual([
      "soketi would listen on 0.0.0.0 here; Antiphon listens on 127.0.0.1, because no address is configured.",
    ]);
    const known = { ...app, secret: "app-secret" };
    expect(messages(await load({ host: "0.0.0.0", "appManager.array.apps": [known] }))).toEqual([
      "apps[0].secret is the secret that soketi ships as its default, so everybody knows it.",
    ]);
  });

  it("with values of the wrong kind is refused by our names, and never throws", async () => {
    const result = await loadAny({ port: "many", appManager: { array: { apps: "none" } } });
    expect(result.ok ? [] : result.problems.map(({ evidence }) => String(evidence["path"])).sort()).toEqual([
      "apps",
      "server.port",
    ]);
    const odd = await loadAny({ port: null, appManager: { array: { apps: [null] }, cache: [] }, debug: {} });
    expect(odd.ok).toBe(false);
  });

  it.each([
    [{ port: 1 }, true],
    [{ appManager: {}, metrics: {}, webhooks: {} }, true],
    [{ "appManager.array.apps": [] }, true],
    [{ metrics: { port: 1 } }, false],
    [{ port: 1, server: {} }, false],
    [{}, false],
  ])("is recognised by its options: %j %s", (file, expected) => {
    expect(isSoketiConfig(file)).toBe(expected);
  });
});

describe("webhooks that call a Lambda function", () => {
  const lambda = { lambda_function: "notify", lambda: { async: true, region: "eu-west-1" } };
  const posted = { url: "https://a.test/", event_types: ["cache_miss"] };

  it("are named and left out, and those with a URL keep it", async () => {
    const webhooks = [
      { ...lambda, event_types: ["channel_occupied"] },
      posted,
      { ...posted, ...lambda, url: "https://b.test/" },
    ];
    const result = await load({ host: "127.0.0.1", "appManager.array.apps": [{ ...app, webhooks }] });
    expect(result.config.apps[0]?.webhooks.map(({ url }) => url)).toEqual([
      "https://a.test/",
      "https://b.test/",
    ]);
    expect(messages(result)).toEqual([
      "apps[0].webhooks[0].lambda_function asks for calling an AWS Lambda function, which is not available in this version; this webhook is left out.",
      "apps[0].webhooks[2].lambda_function asks for calling an AWS Lambda function, which is not available in this version; only its url is posted to.",
    ]);
  });

  it("are found in the environment as well, and may be the only ones", async () => {
    const result = expectConfig(
      await loadConfig({
        env: {
          SOKETI_HOST: "127.0.0.1",
          SOKETI_DEFAULT_APP_SECRET: "s",
          SOKETI_DEFAULT_APP_WEBHOOKS: JSON.stringify([{ ...lambda, event_types: ["cache_miss"] }]),
        },
      }),
    );
    expect(result.config.apps[0]?.webhooks).toEqual([]);
    expect(result.warnings.map(({ name }) => name)).toEqual(["config-feature-unavailable"]);
  });
});
