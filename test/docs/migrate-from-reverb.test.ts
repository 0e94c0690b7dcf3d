/** Does what docs/how-to/migrate-from-reverb.md says: a Laravel project's `.env` and `echo.js`, as they are. */
import { parseEnv } from "node:util";
import type Echo from "laravel-echo";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { type AntiphonProcess, runAntiphon, startAntiphon } from "../support/antiphon-process.ts";
import { createPublisher } from "../support/publisher.ts";
import { nextEvent } from "../support/pusher-js-client.ts";
import { pusherUrl, RawClient } from "../support/raw-client.ts";
import { createFolder, MarkdownPage, removeFolder, runModule } from "./markdown-page.ts";

const page = new MarkdownPage("docs/how-to/migrate-from-reverb.md");
const env = parseEnv(page.block("env"));
const app = {
  id: env["REVERB_APP_ID"] ?? "",
  key: env["REVERB_APP_KEY"] ?? "",
  secret: env["REVERB_APP_SECRET"] ?? "",
};

let folder: string;
let server: AntiphonProcess;

beforeAll(async () => {
  // The page's webhook would go to its host.
  const config = page.block("json").replace("https://shop.example.com", "http://127.0.0.1:9");
  folder = await createFolder({ ".env": page.block("env"), "antiphon.json": config });
  const args = ["--env-file", ".env", "--host", "127.0.0.1", "--shutdown-grace-ms", "0"];
  server = await startAntiphon({ args, cwd: folder });
});

afterAll(async () => {
  await server.stop();
  await removeFolder(folder);
});

describe("moving from Laravel Reverb", () => {
  it("is checked with the command of the page, which prints what the page says", async () => {
    const { code, stdout } = await runAntiphon(["config", "check", "--env-file", ".env"], { cwd: folder });
    expect(stdout).toBe(page.outputOf("antiphon config check --env-file .env"));
    expect(code).toBe(0);
  });

  it("lets the project's echo.js hear what Laravel publishes", async () => {
    vi.stubGlobal("window", globalThis);
    onTestFinished(() => void vi.unstubAllGlobals());
    const built = {
      VITE_REVERB_APP_KEY: app.key,
      VITE_REVERB_HOST: "127.0.0.1",
      VITE_REVERB_PORT: server.port,
      VITE_REVERB_SCHEME: "http",
    };
    await runModule(page.block("js", "laravel-echo"), { "import.meta.env": `(${JSON.stringify(built)})` });
    const { Echo: echo } = globalThis as unknown as { Echo: Echo<"reverb"> };
    onTestFinished(() => echo.disconnect());
    const received = new Promise((resolve) => echo.channel("orders").listen("OrderShipped", resolve));
    await nextEvent(echo.connector.pusher.channel("orders"), "pusher:subscription_succeeded");
    const answer = await createPublisher(server, app).triggerBatch([
      { channel: "orders", name: "App\\Events\\OrderShipped", data: { order: 7 } },
    ]);
    expect(await received).toEqual({ order: 7 });
    // As Reverb answers.
    expect(await answer.text()).toBe('{"batch":{}}');
  });

  it("gets its own port and quota from the .env", async () => {
    const { stdout } = await runAntiphon(["config", "print", "--env-file", ".env"], { cwd: folder });
    expect(stdout).toMatch(/^server\.port +8080 +env file \.env REVERB_SERVER_PORT$/m);
    expect(stdout).toMatch(/^apps\[0\]\.connection\.maxConnections +5000 /m);
    expect(stdout).toMatch(/^apps\[0\]\.profile +reverb /m);
  });

  it("takes origins and further apps from a file beside it", async () => {
    const args = ["--env-file", ".env", "--config", "antiphon.json", "--host", "127.0.0.1"];
    const both = await startAntiphon({ args, cwd: folder });
    onTestFinished(async () => void (await both.stop()));
    for (const [key, origin, welcome] of [
      [app.key, "https://shop.example.com", true],
      [app.key, "https://elsewhere.example.org", false],
      ["second-app-key", "https://elsewhere.example.org", true],
    ] as const) {
      const client = new RawClient(pusherUrl(both, key), { origin });
      const first = JSON.parse(await client.next()) as { event: string };
      expect(first.event).toBe(welcome ? "pusher:connection_established" : "pusher:error");
    }
  });

  it("is told of what the table names", async () => {
    const { stdout } = await runAntiphon(["config", "check", "--env-file", ".env"], {
      cwd: folder,
      env: {
        REVERB_SCALING_ENABLED: "true",
        REVERB_APP_ACCEPT_CLIENT_EVENTS_FROM: "all",
        REDIS_TIMEOUT: "60",
      },
    });
    expect(stdout).toContain("it is looked for at 127.0.0.1:6379");
    expect(stdout).toContain("a lost connection is tried again for ever");
    expect(stdout).toContain("only subscribers of a channel may send client events to it (members)");
  });

  it("names settings that there are", () => {
    expect(page.unknownSettings()).toEqual([]);
  });
});
