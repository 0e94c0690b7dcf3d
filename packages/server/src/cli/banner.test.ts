import { describe, expect, it } from "vitest";
import type { Environment } from "../config/environment.ts";
import { type Config, loadConfig } from "../config/load-config.ts";
import { renderBanner } from "./banner.ts";

async function load(env: Environment): Promise<Config> {
  const result = await loadConfig({ env, files: { readFile: () => Promise.resolve("") } });
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join("\n"));
  return result.config;
}

const app = { ANTIPHON_APPS_0_ID: "1", ANTIPHON_APPS_0_KEY: "key", ANTIPHON_APPS_0_SECRET: "very-secret" };

describe("the banner", () => {
  it("of the development app is all there is to paste", async () => {
    const config = await load({});
    const listening = { host: "127.0.0.1", port: 6001, metricsUrl: "http://127.0.0.1:9601/metrics" };
    expect(
      renderBanner({ version: "1.2.3", config, listening }),
    ).toBe(`Antiphon 1.2.3 listens on 127.0.0.1:6001

  WebSocket  ws://127.0.0.1:6001/app/antiphon-key
  HTTP API   http://127.0.0.1:6001/apps/antiphon
  Metrics    http://127.0.0.1:9601/metrics
  App        antiphon-key (built-in development app, this machine only)

  Laravel .env
    BROADCAST_CONNECTION=reverb
    REVERB_APP_ID=antiphon
    REVERB_APP_KEY=antiphon-key
    REVERB_APP_SECRET=antiphon-secret
    REVERB_HOST=127.0.0.1
    REVERB_PORT=6001
    REVERB_SCHEME=http
    VITE_REVERB_APP_KEY="\${REVERB_APP_KEY}"
    VITE_REVERB_HOST="\${REVERB_HOST}"
    VITE_REVERB_PORT="\${REVERB_PORT}"
    VITE_REVERB_SCHEME="\${REVERB_SCHEME}"

  Laravel Echo
    new Echo({ broadcaster: 'reverb', key: 'antiphon-key',
      wsHost: '127.0.0.1', wsPort: 6001, wssPort: 6001, forceTLS: false, enabledTransports: ['ws', 'wss'] })

  pusher-js
    new Pusher('antiphon-key', { cluster: '',
      wsHost: '127.0.0.1', wsPort: 6001, wssPort: 6001, forceTLS: false, enabledTransports: ['ws', 'wss'] })

  Backend in Node (npm install pusher)
    new Pusher({ appId: 'antiphon', key: 'antiphon-key', secret: 'antiphon-secret',
      host: '127.0.0.1', port: '6001', useTLS: false })

`);
  });

  it("says what joins this server to others, without its password", async () => {
    const env = {
      ...app,
      ANTIPHON_CLUSTER_DRIVER: "redis",
      ANTIPHON_REDIS_URL: "rediss://u:hush@redis.test:1/2",
    };
    const text = renderBanner({ version: "1", config: await load(env), listening: { host: "::1", port: 1 } });
    expect(text).toContain("\n  Cluster    antiphon, joined by Redis at redis.test:1, database 2 over TLS\n");
    expect(text).not.toContain("hush");
  });

  it("never shows the secret of a configured app", async () => {
    const text = renderBanner({
      version: "1",
      config: await load(app),
      listening: { host: "127.0.0.1", port: 1 },
    });
    expect(text).not.toContain("very-secret");
    expect(text).toContain("REVERB_APP_SECRET=<the secret of this app>");
  });

  it("names the public host, the path prefix and TLS where they are configured", async () => {
    const config = await load({
      ...app,
      ANTIPHON_SERVER_HOST: "0.0.0.0",
      ANTIPHON_SERVER_HOSTNAME: "ws.example.com",
      ANTIPHON_SERVER_PATH_PREFIX: "/live",
      ANTIPHON_SERVER_TLS_CERT: "cert.pem",
      ANTIPHON_SERVER_TLS_KEY: "key.pem",
    });
    const text = renderBanner({ version: "1", config, listening: { host: "0.0.0.0", port: 6001 } });
    expect(text).toContain("wss://ws.example.com:6001/live/app/key\n");
    expect(text).toContain("https://ws.example.com:6001/live/apps/1\n");
    expect(text).toContain("REVERB_SCHEME=https\n");
    expect(text).toContain("wsPath: '/live', forceTLS: true");
    expect(text).not.toContain("Metrics");
  });

  it("gives a name that can be dialled for a wildcard address, and brackets for IPv6", async () => {
    const config = await load({ ...app, ANTIPHON_SERVER_HOST: "::" });
    expect(renderBanner({ version: "1", config, listening: { host: "::", port: 1 } })).toContain(
      "ws://localhost:1/app/key",
    );
    expect(renderBanner({ version: "1", config, listening: { host: "::1", port: 1 } })).toContain(
      "ws://[::1]:1/app/key",
    );
  });

  it("counts further apps", async () => {
    const more = { ANTIPHON_APPS_1_ID: "2", ANTIPHON_APPS_1_KEY: "k2", ANTIPHON_APPS_1_SECRET: "s" };
    const config = await load({ ...app, ...more });
    expect(renderBanner({ version: "1", config, listening: { host: "::1", port: 1 } })).toContain(
      "key and 1 more\n",
    );
  });
});
