import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { App } from "../apps/app.ts";
import { type ConfigResult, type ConfigSources, loadConfig } from "./load-config.ts";

const publicApp = {
  ANTIPHON_APPS_0_ID: "1",
  ANTIPHON_APPS_0_KEY: "key",
  ANTIPHON_APPS_0_SECRET: "very-secret",
};

function fileAccess(files: Readonly<Record<string, string>>): NonNullable<ConfigSources["files"]> {
  return {
    cwd: "/srv",
    readFile: (file) => {
      const text = files[file];
      const missing = Object.assign(new Error("ENOENT: no such file"), { code: "ENOENT" });
      return text === undefined ? Promise.reject(missing) : Promise.resolve(text);
    },
  };
}

function withFile(content: unknown, sources: Partial<ConfigSources> = {}): Promise<ConfigResult> {
  return loadConfig({
    env: {},
    configFile: "antiphon.json",
    files: fileAccess({ "/srv/antiphon.json": JSON.stringify(content) }),
    ...sources,
  });
}

function expectConfig(result: ConfigResult): Extract<ConfigResult, { ok: true }> {
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join("\n"));
  return result;
}

function listProblems(result: ConfigResult): string[] {
  return result.ok ? [] : result.problems.map(({ name, message }) => `${name}: ${message}`);
}

describe("without any source", () => {
  it("serves the development app on loopback", async () => {
    const { config, origins, warnings } = expectConfig(await loadConfig({ env: {} }));
    const app: App | undefined = config.apps[0];
    expect(config.developmentApp).toBe(true);
    expect(app).toMatchObject({
      id: "antiphon",
      key: "antiphon-key",
      secret: "antiphon-secret",
      profile: "pusher",
    });
    expect(app?.events.clientEvents).toBe("members");
    expect(config.server).toMatchObject({ host: "127.0.0.1", port: 6001, pathPrefix: "" });
    expect(config.metrics).toEqual({ enabled: true, host: "127.0.0.1", port: 9601, prefix: "antiphon_" });
    expect(origins.get("server.port")).toBe("default");
    expect(origins.get("apps[0].key")).toBe("development app");
    expect(warnings).toEqual([]);
  });
});

describe("precedence", () => {
  it("takes flags over environment over file over default, and remembers which", async () => {
    const { config, origins } = expectConfig(
      await withFile(
        { server: { port: 1, host: "127.0.0.2", pathPrefix: "file" } },
        { env: { ANTIPHON_SERVER_PORT: "2", ANTIPHON_SERVER_HOST: "127.0.0.3" }, flags: { "--port": "3" } },
      ),
    );
    expect(config.server).toMatchObject({
      port: 3,
      host: "127.0.0.3",
      pathPrefix: "/file",
      shutdownGraceMs: 10_000,
    });
    expect(origins.get("server.port")).toBe("flag --port");
    expect(origins.get("server.host")).toBe("env ANTIPHON_SERVER_HOST");
    expect(origins.get("server.pathPrefix")).toBe("file antiphon.json");
    expect(origins.get("server.shutdownGraceMs")).toBe("default");
  });

  it("takes the environment over a .env file and names the file", async () => {
    const { config, origins } = expectConfig(
      await loadConfig({
        env: { ANTIPHON_SERVER_PORT: "7001" },
        envFile: ".env",
        files: fileAccess({
          "/srv/.env":
            'ANTIPHON_SERVER_PORT=7000\nANTIPHON_METRICS_PORT=7002\nNAME=x\nANTIPHON_METRICS_PREFIX="${NAME}_"\n',
        }),
      }),
    );
    expect(config.server.port).toBe(7001);
    expect(config.metrics).toMatchObject({ port: 7002, prefix: "x_" });
    expect(origins.get("metrics.port")).toBe("env file .env ANTIPHON_METRICS_PORT");
  });

  it("adds a variable for one setting to an app that the file gives", async () => {
    const { config } = expectConfig(
      await withFile(
        { apps: [{ id: 7, key: "k", secret: "s" }] },
        { env: { ANTIPHON_APPS_0_CONNECTION_ALLOWED_ORIGINS: "*.example.com, https://a.test:8443" } },
      ),
    );
    expect(config.apps[0]?.id).toBe("7");
    expect(config.apps[0]?.connection.allowedOrigins).toEqual(["*.example.com", "https://a.test:8443"]);
  });

  it("replaces the apps of the file by a list in the environment", async () => {
    const { config } = expectConfig(
      await withFile(
        {
          apps: [
            { id: "1", key: "k1", secret: "s" },
            { id: "2", key: "k2", secret: "s" },
          ],
        },
        { env: { ANTIPHON_APPS: '[{"id":"3","key":"k3","secret":"s"}]' } },
      ),
    );
    expect(config.apps.map(({ key }) => key)).toEqual(["k3"]);
  });

  it("counts an empty variable as not set", async () => {
    const { config } = expectConfig(await loadConfig({ env: { ANTIPHON_SERVER_PORT: "" } }));
    expect(config.server.port).toBe(6001);
  });
});

describe("problems", () => {
  it("are reported all at once, with path, value, origin and what is expected", async () => {
    const result = await withFile(
      {
        port: 5,
        server: { hots: "x", trustedProxies: ["10.0.0.0/8", "proxy"] },
        apps: [{ id: "1", key: "k", secret: 7, max_conections: 4 }],
      },
      { env: { ANTIPHON_LOG_LEVEL: "loud" }, flags: { "--port": "70000" } },
    );
    expect(listProblems(result).sort()).toEqual([
      "config-key-unknown: apps[0].max_conections (file antiphon.json) is not a setting. The closest known name is apps[].connection.maxConnections.",
      "config-key-unknown: port (file antiphon.json) is not a setting. The closest known name is server.port.",
      "config-key-unknown: server.hots (file antiphon.json) is not a setting. The closest known name is server.host.",
      "config-value-invalid: apps[0].secret is a hidden value (file antiphon.json) but must be text.",
      'config-value-invalid: log.level is "loud" (env ANTIPHON_LOG_LEVEL) but must be one of trace, debug, info, warn, error, fatal, silent.',
      "config-value-invalid: server.port is 70000 (flag --port) but must be a whole number from 0 to 65535.",
      'config-value-invalid: server.trustedProxies[1] is "proxy" (file antiphon.json) but must be an IP address or a range such as 10.0.0.0/8.',
    ]);
  });

  it("name a required setting that is missing and its variable", async () => {
    const result = await loadConfig({ env: { ANTIPHON_APPS_0_KEY: "k", ANTIPHON_APPS_0_SECRET: "s" } });
    expect(listProblems(result)).toEqual([
      "config-value-missing: apps[0].id is not set but is required: text. Its environment name is ANTIPHON_APPS_0_ID.",
    ]);
  });

  it("never show a secret, also where it is inside of something broken", async () => {
    const secret = "hunter2-secret";
    const results = await Promise.all([
      loadConfig({ env: { ANTIPHON_APPS: `[{"id":"1","secret":"${secret}",` } }),
      withFile({ apps: [{ id: "1", key: "k", secret: { value: secret } }] }),
      withFile({ apps: [secret] }),
      withFile({ apps: secret }),
      withFile({ server: { tls: secret } }),
      withFile({ server: { tls: { passphrase: [secret] } } }),
      withFile({
        apps: [
          {
            id: "1",
            key: "k",
            secret: "s",
            webhooks: [
              { url: "http://a.test", eventTypes: ["cache_miss"], headers: { Authorization: [secret] } },
            ],
          },
        ],
      }),
      loadConfig({
        env: {},
        configFile: "antiphon.json",
        files: fileAccess({ "/srv/antiphon.json": `{"apps":[{"secret":"${secret}"}` }),
      }),
    ]);
    for (const result of results) {
      expect(result.ok).toBe(false);
      expect(JSON.stringify(result)).not.toContain(secret);
    }
  });

  it("are found by a list of apps that is not JSON even if variables for one app follow", async () => {
    const result = await loadConfig({ env: { ...publicApp, ANTIPHON_APPS: "[{" } });
    expect(listProblems(result)).toContain(
      "config-value-invalid: apps is a hidden value (env ANTIPHON_APPS) but must be a list of objects.",
    );
  });

  it("name both apps that share an id and both that share a key", async () => {
    const app = { id: "1", key: "k", secret: "s" };
    expect(
      listProblems(await withFile({ apps: [app, { ...app, key: "other" }, { ...app, id: "2" }] })),
    ).toEqual([
      'config-app-duplicate: apps[0] and apps[1] have the same id "1".',
      'config-app-duplicate: apps[0] and apps[2] have the same key "k".',
    ]);
  });

  it("refuse the development app on a public address, of the server or of the metrics", async () => {
    expect(listProblems(await loadConfig({ env: {}, flags: { "--host": "0.0.0.0" } }))).toEqual([
      "config-no-apps: No app is configured and server.host is 0.0.0.0 (flag --host): the development app has a public secret, so it is only served on loopback.",
    ]);
    const metrics = await loadConfig({ env: { ANTIPHON_METRICS_HOST: "::" } });
    expect(metrics.ok ? [] : metrics.problems.map(({ name }) => name)).toEqual(["config-no-apps"]);
  });

  it("accept a public address with a configured app, and loopback by every name", async () => {
    expect((await loadConfig({ env: publicApp, flags: { "--host": "0.0.0.0" } })).ok).toBe(true);
    for (const host of ["localhost", "127.1.2.3", "::1"]) {
      expect((await loadConfig({ env: {}, flags: { "--host": host } })).ok).toBe(true);
    }
  });

  it("name TLS files that do not exist, and a certificate without its key", async () => {
    const result = await withFile({ server: { tls: { cert: "cert.pem" } } });
    expect(listProblems(result)).toEqual([
      "config-value-invalid: server.tls is a hidden value (file antiphon.json) but must be a certificate and its private key together: server.tls.cert and server.tls.key.",
      "config-file-not-found: The file cert.pem (file antiphon.json) does not exist.",
    ]);
  });

  it("treat __proto__ in a file as an unknown key", async () => {
    const result = await loadConfig({
      env: {},
      configFile: "antiphon.json",
      files: fileAccess({ "/srv/antiphon.json": '{"server":{"__proto__":{"port":1}}}' }),
    });
    expect(listProblems(result)[0]).toContain("config-key-unknown: server.__proto__");
    expect(({} as { port?: number }).port).toBeUndefined();
  });

  it("throw only for a flag that no setting has, which is a mistake of the caller", async () => {
    await expect(loadConfig({ env: {}, flags: { "--prot": "1" } })).rejects.toThrow(
      "--prot is not the flag of a setting",
    );
  });

  it("are values for every file content", async () => {
    const key = fc.constantFrom(
      "server",
      "apps",
      "port",
      "tls",
      "id",
      "webhooks",
      "headers",
      "events",
      "__proto__",
      "x",
    );
    const { content } = fc.letrec((tie) => ({
      content: fc.dictionary(key, tie("value"), { maxKeys: 4 }),
      value: fc.oneof(
        { maxDepth: 4 },
        fc.jsonValue({ maxDepth: 0 }),
        tie("content"),
        fc.array(tie("value"), { maxLength: 3 }),
      ),
    }));
    await fc.assert(
      fc.asyncProperty(content, async (file) => {
        const result = await withFile(file);
        expect(result.ok || result.problems.length > 0).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe("warnings", () => {
  it("name variables without effect and the nearest known name", async () => {
    const { warnings } = await loadConfig({
      env: { ANTIPHON_SERVER_PROT: "1", ANTIPHON_HOST: "::", ANTIPHON_WHATEVER_ELSE_THERE_IS: "1" },
    });
    expect(warnings.map(({ message }) => message)).toEqual([
      "The environment variable ANTIPHON_SERVER_PROT has no effect. The closest known name is ANTIPHON_SERVER_PORT.",
      "The environment variable ANTIPHON_HOST has no effect. The closest known name is ANTIPHON_SERVER_HOST.",
      "The environment variable ANTIPHON_WHATEVER_ELSE_THERE_IS has no effect.",
    ]);
  });

  it("name two variables that set the same value differently", async () => {
    const { config, warnings } = expectConfig(
      await loadConfig({ env: { SOKETI_PORT: "1", ANTIPHON_SERVER_PORT: "2", SOKETI_HOST: "127.0.0.1" } }),
    );
    expect(config.server.port).toBe(2);
    expect(warnings.map(({ message }) => message)).toEqual([
      "SOKETI_PORT and ANTIPHON_SERVER_PORT both set server.port; ANTIPHON_SERVER_PORT wins.",
    ]);
  });
});

describe("limits that nobody set", () => {
  it("grow to what the events of the apps need", async () => {
    const apps = [{ id: "1", key: "k", secret: "s", events: { maxDataBytes: 2_000_000 } }];
    const { config, origins } = expectConfig(await withFile({ apps }));
    expect(config.apps[0]?.connection.maxMessageBytes).toBe(2_004_096);
    expect(config.limits.maxMessageBytes).toBe(2_004_096);
    expect(config.limits.maxRequestBytes).toBe(20_065_536);
    expect(origins.get("limits.maxRequestBytes")).toBe("derived from apps[0].events.maxDataBytes");
  });

  it("stay as they are where somebody set them", async () => {
    const apps = [{ id: "1", key: "k", secret: "s", events: { maxDataBytes: 2_000_000 } }];
    const { config } = expectConfig(await withFile({ apps, limits: { maxRequestBytes: 262_144 } }));
    expect(config.limits.maxRequestBytes).toBe(262_144);
  });
});

const createApp = (profile: string) => ({
  id: profile,
  key: profile,
  secret: "s",
  profile,
  channels: { cacheTtlSeconds: 5 },
  webhooks: [{ url: "http://a.test/hook", event_types: ["channel_vacated"] }],
});

describe("profiles", () => {
  it("change the defaults of the app, and only those", async () => {
    const { config } = expectConfig(
      await withFile({ apps: [createApp("pusher"), createApp("soketi"), createApp("reverb")] }),
    );
    const facts = config.apps.map(({ connection, events, channels, webhooks }) => [
      connection.activityTimeoutSeconds,
      events.maxDataBytes,
      events.clientEventData,
      channels.authErrorEvent,
      channels.cacheTtlSeconds,
      webhooks[0]?.debounceMs,
    ]);
    expect(facts).toEqual([
      [120, 10_240, "string", false, 5, 3000],
      [30, 102_400, "raw", false, 5, 0],
      [30, 10_240, "raw", true, 5, 3000],
    ]);
  });
});
