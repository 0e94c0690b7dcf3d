import { describe, expect, it } from "vitest";
import type { Environment } from "./environment.ts";
import { type ConfigResult, loadConfig } from "./load-config.ts";
import { sockudoTable } from "./sockudo-environment.ts";

function expectConfig(result: ConfigResult): Extract<ConfigResult, { ok: true }> {
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join("\n"));
  return result;
}

const load = async (env: Environment) => expectConfig(await loadConfig({ env }));
const messages = ({ warnings }: ConfigResult) => warnings.map(({ message }) => message);

const app = {
  SOCKUDO_DEFAULT_APP_ID: "demo",
  SOCKUDO_DEFAULT_APP_KEY: "demo-key",
  SOCKUDO_DEFAULT_APP_SECRET: "demo-secret",
};

describe("the environment of Sockudo", () => {
  it("moves with its app, limits, timings in seconds, and metrics", async () => {
    const result = await load({
      ...app,
      SOCKUDO_DEFAULT_APP_MAX_CONNECTIONS: "1000",
      SOCKUDO_DEFAULT_APP_ENABLE_USER_AUTHENTICATION: "true",
      SOCKUDO_DEFAULT_APP_ENABLE_WATCHLIST_EVENTS: "true",
      SOCKUDO_DEFAULT_APP_ALLOWED_ORIGINS: "https://a.test, *.b.test",
      SOCKUDO_DEFAULT_APP_MAX_PRESENCE_MEMBER_SIZE_IN_KB: "4",
      SOCKUDO_ENABLE_CLIENT_MESSAGES: "true",
      HOST: "0.0.0.0",
      PORT: "6010",
      ACTIVITY_TIMEOUT: "60",
      USER_AUTHENTICATION_TIMEOUT: "20",
      SHUTDOWN_GRACE_PERIOD: "10",
      METRICS_ENABLED: "true",
      ADAPTER_DRIVER: "local",
      CACHE_DRIVER: "memory",
    });
    expect(result.config.server).toMatchObject({ host: "0.0.0.0", port: 6010, shutdownGraceMs: 10_000 });
    expect(result.config.metrics).toMatchObject({ host: "0.0.0.0", prefix: "sockudo_" });
    expect(result.config.apps[0]).toMatchObject({
      id: "demo",
      profile: "pusher",
      connection: {
        maxConnections: 1000,
        requireUserAuthentication: true,
        allowedOrigins: ["https://a.test", "*.b.test"],
        activityTimeoutSeconds: 60,
        userAuthenticationTimeoutMs: 20_000,
      },
      channels: { watchlist: true, maxPresenceMemberBytes: 4096 },
      events: { clientEvents: "members", maxDataBytes: 102_400 },
    });
    expect(messages(result)).toEqual([]);
  });

  it("names what is not available", async () => {
    const env = { ...app, HOST: "127.0.0.1", ADAPTER_DRIVER: "kafka", QUEUE_DRIVER: "rabbitmq" };
    expect(messages(await load(env))).toEqual([
      "ADAPTER_DRIVER asks for this way to join nodes, which is not available in this version; this node works alone; redis and nats join nodes.",
      "QUEUE_DRIVER asks for this kind of webhook queue, which is not available in this version; it is kept in the memory of this node.",
    ]);
    expect(messages(await load({ ...app, HOST: "127.0.0.1", SOCKUDO_DEFAULT_APP_SECRT: "x" }))).toEqual([
      "The environment variable SOCKUDO_DEFAULT_APP_SECRT has no effect. The closest known name is SOCKUDO_DEFAULT_APP_SECRET.",
    ]);
  });

  it("reads the TLS files only where TLS is on", async () => {
    const env = { ...app, HOST: "127.0.0.1", SSL_CERT_PATH: "/srv/a.pem", SSL_KEY_PATH: "/srv/a.key" };
    const off = await load({ ...env, SSL_ENABLED: "false" });
    expect(off.config.server.tls).toEqual({});
    const on = await loadConfig({ env: { ...env, SSL_ENABLED: "true" } });
    expect(on.ok ? [] : on.problems.map(({ name }) => name)).toEqual([
      "config-file-not-found",
      "config-file-not-found",
    ]);
  });

  it("is told apart from variables that only look like Sockudo's", async () => {
    const { config, warnings } = await load({ PORT: "1", HOST: "0.0.0.0", REDIS_URL: "redis://a" });
    expect(config.server).toMatchObject({ host: "127.0.0.1", port: 6001 });
    expect(warnings).toEqual([]);
  });

  it.each(Object.keys(sockudoTable))("%s is known, and silent or reported by name", async (name) => {
    const values: Readonly<Record<string, string>> = {
      HOST: "127.0.0.1",
      METRICS_PROMETHEUS_PREFIX: "x_",
      NATS_CONNECTION_TIMEOUT_MS: "1000",
      CLUSTER_HEALTH_ENABLED: "false",
      CLUSTER_HEALTH_HEARTBEAT_INTERVAL: "2000",
      CLUSTER_HEALTH_NODE_TIMEOUT: "30000",
    };
    const result = await loadConfig({ env: { ...app, [name]: values[name] ?? "1" } });
    expect(result.warnings.map((warning) => warning.name)).not.toContain("config-env-unknown");
    const reported = result.warnings.filter(({ evidence }) => evidence["name"] === name);
    const takesEffect = result.ok && [...result.origins.values()].includes(`env ${name}`);
    const conditional = ["SSL_ENABLED", "SSL_HTTP_PORT", "UNIX_SOCKET_PATH"].includes(name);
    expect(takesEffect || reported.length === 1 || conditional).toBe(true);
  });
});
