/** The environment that a project already has starts the server: Laravel's `.env`, soketi's variables, or nothing at all. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  type AntiphonProcess,
  runAntiphon,
  type StartOptions,
  startAntiphon,
} from "../support/antiphon-process.ts";
import type { AppCredentials } from "../support/configured-server.ts";
import { createPublisher, developmentApp } from "../support/publisher.ts";
import { connectPusherJs, nextEvent, subscribe } from "../support/pusher-js-client.ts";
import { connectRawClient, pusherUrl } from "../support/raw-client.ts";

async function start(options: StartOptions): Promise<AntiphonProcess> {
  const server = await startAntiphon({
    ...options,
    args: [...(options.args ?? []), "--shutdown-grace-ms", "0"],
  });
  onTestFinished(async () => void (await server.stop()));
  return server;
}

/** Lets pusher-js hear what the SDK publishes. */
async function publishAndReceive(server: AntiphonProcess, app: AppCredentials): Promise<unknown> {
  const channel = await subscribe(await connectPusherJs(server, app.key), "any");
  const received = nextEvent(channel, "event");
  await createPublisher(server, app).trigger("any", "event", { through: app.key });
  return received;
}

/** As `php artisan install:broadcasting` leaves it, in the middle of everything else that a Laravel project needs. */
const laravelEnv = `
APP_NAME="Shop & Co"
APP_ENV=local
APP_KEY=base64:8PQEPYlTHyOSg8RCe7k1F1fWbqXbB1mYz4dmFIcmPZw=
DB_CONNECTION=sqlite
BROADCAST_CONNECTION=reverb
QUEUE_CONNECTION=database
REDIS_HOST=127.0.0.1
REDIS_PASSWORD=null
REDIS_PORT=6379

REVERB_APP_ID=256980
REVERB_APP_KEY=vkyjbqzfqvoz0ywsvmfm
REVERB_APP_SECRET=fcbfgxkbhtlwvfkqdfxe # rotate in March
REVERB_HOST="localhost"
REVERB_PORT=8080
REVERB_SCHEME=http

VITE_REVERB_APP_KEY="\${REVERB_APP_KEY}"
VITE_REVERB_HOST="\${REVERB_HOST}"
VITE_REVERB_PORT="\${REVERB_PORT}"
VITE_REVERB_SCHEME="\${REVERB_SCHEME}"
`;
const laravelApp = { id: "256980", key: "vkyjbqzfqvoz0ywsvmfm", secret: "fcbfgxkbhtlwvfkqdfxe" };

const soketiEnv = {
  SOKETI_DEBUG: "1",
  SOKETI_DEFAULT_APP_ID: "some-id",
  SOKETI_DEFAULT_APP_KEY: "some-key",
  SOKETI_DEFAULT_APP_SECRET: "some-secret",
  SOKETI_DEFAULT_APP_ENABLE_CLIENT_MESSAGES: "true",
  SOKETI_DEFAULT_APP_MAX_CONNS: "200",
  SOKETI_ADAPTER_DRIVER: "local",
  SOKETI_SHUTDOWN_GRACE_PERIOD: "3000",
};
const soketiApp = { id: "some-id", key: "some-key", secret: "some-secret" };

describe("a Laravel project", () => {
  it("needs nothing but the path of its .env", async () => {
    const folder = await mkdtemp(join(tmpdir(), "antiphon-env-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, ".env"), laravelEnv);
    const server = await start({ args: ["--env-file", ".env"], cwd: folder });
    expect(await publishAndReceive(server, laravelApp)).toEqual({ through: laravelApp.key });
  });

  it("may give the same as real variables", async () => {
    const server = await start({
      env: {
        BROADCAST_CONNECTION: "reverb",
        REVERB_APP_ID: laravelApp.id,
        REVERB_APP_KEY: laravelApp.key,
        REVERB_APP_SECRET: laravelApp.secret,
        REVERB_SERVER_PATH: "/broadcast",
        REVERB_APP_ACTIVITY_TIMEOUT: "45",
      },
    });
    expect(await publishAndReceive(server, laravelApp)).toEqual({ through: laravelApp.key });
    const up = await fetch(`http://127.0.0.1:${server.port}/broadcast/up`);
    expect(await up.text()).toBe('{"health":"OK"}');
  });
});

describe("a soketi deployment", () => {
  it("keeps its variables, and finds soketi's answers", async () => {
    const server = await start({ env: soketiEnv });
    expect(await publishAndReceive(server, soketiApp)).toEqual({ through: soketiApp.key });
    const answer = await createPublisher(server, soketiApp).trigger("any", "event", {});
    expect(await answer.text()).toBe('{"ok":true}');
  });

  it("is told of variables that nobody reads", async () => {
    const server = await start({ env: { ...soketiEnv, SOKETI_DEFAULT_APP_ENABLE_CLIENT_MESSAGE: "true" } });
    await server.printed(
      "The environment variable SOKETI_DEFAULT_APP_ENABLE_CLIENT_MESSAGE has no effect. " +
        "The closest known name is SOKETI_DEFAULT_APP_ENABLE_CLIENT_MESSAGES.",
    );
  });
});

describe("nothing at all", () => {
  it("serves the development app on loopback, and prints lines to paste for it", async () => {
    const server = await start({});
    expect(await publishAndReceive(server, developmentApp)).toEqual({ through: developmentApp.key });
    await server.printed(`REVERB_APP_KEY=${developmentApp.key}`);
    await server.printed(`REVERB_PORT=${server.port}`);
  });

  it("is not enough to listen on a public address", async () => {
    const { code, stdout, stderr } = await runAntiphon(["start", "--host", "0.0.0.0", "--port", "0"]);
    expect(code).toBe(3);
    expect(stdout).toBe("");
    expect(stderr).toContain("config-no-apps");
    expect(stderr).toContain("No app is configured and server.host is 0.0.0.0 (flag --host)");
    expect(stderr).toContain("ANTIPHON_APPS_0_KEY");
  });

  it("answers the health checks of Reverb and soketi", async () => {
    const server = await start({});
    const base = `http://127.0.0.1:${server.port}`;
    const answers = await Promise.all(
      ["/up", "/", "/ready", "/accept-traffic"].map(async (path) => {
        const response = await fetch(`${base}${path}`);
        return [response.status, await response.text()];
      }),
    );
    expect(answers).toEqual([
      [200, '{"health":"OK"}'],
      [200, "OK"],
      [200, "OK"],
      [200, expect.stringMatching(/^\{"memory":\{"usedSize":\d+,"totalSize":\d+,"percentUsage":[\d.]+\}\}$/)],
    ]);
  });
});

describe("variables of Antiphon itself", () => {
  it("set any setting by its path", async () => {
    const server = await start({
      env: {
        ANTIPHON_APPS_0_ID: "1",
        ANTIPHON_APPS_0_KEY: "own-key",
        ANTIPHON_APPS_0_SECRET: "own-secret",
        ANTIPHON_APPS_0_CONNECTION_ACTIVITY_TIMEOUT_SECONDS: "77",
        ANTIPHON_SERVER_PATH_PREFIX: "/realtime",
      },
    });
    const { client } = await connectRawClient(
      pusherUrl(server, "own-key").replace("/app/", "/realtime/app/"),
    );
    await client.close();
    expect(await publishAndReceive(server, { id: "1", key: "own-key", secret: "own-secret" })).toEqual({
      through: "own-key",
    });
  });
});
