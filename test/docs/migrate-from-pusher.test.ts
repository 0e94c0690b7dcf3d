/** Does what docs/how-to/migrate-from-pusher.md says, on this machine and without TLS. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { parseEnv } from "node:util";
import type Echo from "laravel-echo";
import Pusher from "pusher";
import type pusherModule from "pusher-js";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { type AntiphonProcess, runAntiphon, startAntiphon } from "../support/antiphon-process.ts";
import { nextEvent } from "../support/pusher-js-client.ts";
import { createFolder, MarkdownPage, removeFolder, runModule } from "./markdown-page.ts";

const page = new MarkdownPage("docs/how-to/migrate-from-pusher.md");
const { apps } = JSON.parse(page.block("json")) as {
  apps: { id: string; key: string; secret: string; webhooks: { url: string }[] }[];
};
const app = apps[0]!;

let folder: string;
let server: AntiphonProcess;
let hooks: Server;

beforeAll(async () => {
  hooks = createServer();
  hooks.listen(0, "127.0.0.1");
  await once(hooks, "listening");
  const hookUrl = `http://127.0.0.1:${(hooks.address() as AddressInfo).port}/`;
  const config = page.block("json").replace(app.webhooks[0]!.url, hookUrl);
  folder = await createFolder({ "antiphon.json": config });
  const args = ["--config", "antiphon.json", "--host", "127.0.0.1", "--shutdown-grace-ms", "0"];
  server = await startAntiphon({ args, cwd: folder });
});

afterAll(async () => {
  await server.stop();
  hooks.closeAllConnections();
  hooks.close();
  await removeFolder(folder);
});

/** This machine in place of the page's host. */
const here = (tls: string) => ({
  "ws.example.com": "127.0.0.1",
  "443": String(server.port),
  [`${tls}: true`]: `${tls}: false`,
});

async function createBackend(): Promise<Pusher> {
  const { backend } = await runModule<{ backend: Pusher }>(page.block("js", 'from "pusher"'), here("useTLS"));
  return backend;
}

describe("moving from hosted Pusher", () => {
  it("is checked with the command of the page, which prints what the page says", async () => {
    const { code, stdout } = await runAntiphon(["config", "check", "--config", "antiphon.json"], {
      cwd: folder,
    });
    expect(stdout).toBe(page.outputOf("antiphon config check --config antiphon.json"));
    expect(code).toBe(0);
    const up = await fetch(`http://127.0.0.1:${server.port}/up`);
    expect(page.text).toContain(`/up\` answers \`${await up.text()}\``);
  });

  it("lets the page's pusher-js hear what the page's backend publishes, and tells the webhook", async () => {
    const hooked = once(hooks, "request");
    const { pusher } = await runModule<{ pusher: pusherModule.default }>(
      page.blocks("js").find((code) => code.includes("export const pusher")) ?? "",
      here("forceTLS"),
    );
    onTestFinished(() => pusher.disconnect());
    const channel = pusher.subscribe("orders");
    await nextEvent(channel, "pusher:subscription_succeeded");
    const received = nextEvent(channel, "shipped");
    const backend = await createBackend();
    await backend.trigger("orders", "shipped", { order: 7 });
    expect(await received).toEqual({ order: 7 });

    const [request, response] = await hooked;
    const rawBody = await text(request);
    response.end();
    const webhook = backend.webhook({ headers: request.headers as Record<string, string>, rawBody });
    expect(webhook.isValid()).toBe(true);
    expect(webhook.getEvents()).toEqual([{ name: "channel_occupied", channel: "orders" }]);
  });

  it("lets the page's Laravel Echo hear it as well", async () => {
    vi.stubGlobal("window", globalThis);
    onTestFinished(() => void vi.unstubAllGlobals());
    const { echo } = await runModule<{ echo: Echo<"pusher"> }>(
      page.block("js", "laravel-echo"),
      here("forceTLS"),
    );
    onTestFinished(() => echo.disconnect());
    const received = new Promise((resolve) => echo.channel("orders").listen(".shipped", resolve));
    await nextEvent(echo.connector.pusher.channel("orders"), "pusher:subscription_succeeded");
    await (await createBackend()).trigger("orders", "shipped", { order: 8 });
    expect(await received).toEqual({ order: 8 });
  });

  it("takes what a Laravel project makes of its .env", async () => {
    const env = parseEnv(page.block("env"));
    const port = env["PUSHER_PORT"]?.replace("443", String(server.port)) ?? "";
    const backend = new Pusher({
      appId: env["PUSHER_APP_ID"] ?? "",
      key: env["PUSHER_APP_KEY"] ?? "",
      secret: env["PUSHER_APP_SECRET"] ?? "",
      host: env["PUSHER_HOST"]?.replace("ws.example.com", "127.0.0.1") ?? "",
      port,
      useTLS: false,
    });
    expect((await backend.trigger("orders", "shipped", {})).status).toBe(200);
    expect(env["PUSHER_SCHEME"]).toBe("https");
  });

  it("names the same app in every language, and settings that there are", () => {
    for (const language of ["php", "python"]) {
      for (const value of [app.id, app.key, app.secret]) expect(page.block(language)).toContain(value);
    }
    expect(page.unknownSettings()).toEqual([]);
  });
});
