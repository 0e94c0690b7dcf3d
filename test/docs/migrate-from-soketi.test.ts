/** Does what docs/how-to/migrate-from-soketi.md says: the variables and the configuration file of a deployment, as they are. */
import type Pusher from "pusher";
import type pusherModule from "pusher-js";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type AntiphonProcess, runAntiphon, startAntiphon } from "../support/antiphon-process.ts";
import { nextEvent } from "../support/pusher-js-client.ts";
import { createFolder, MarkdownPage, removeFolder, runModule } from "./markdown-page.ts";

const page = new MarkdownPage("docs/how-to/migrate-from-soketi.md");

/** The page's webhooks would go to their host, and its metrics to every address. */
const kept = (text: string): string => text.replaceAll("https://shop.example.com", "http://127.0.0.1:9");

let folder: string;

beforeAll(async () => {
  folder = await createFolder({ ".env": kept(page.block("env")), "soketi.json": kept(page.block("json")) });
});

afterAll(() => removeFolder(folder));

async function start(...args: readonly string[]): Promise<AntiphonProcess> {
  const local = ["--host", "127.0.0.1", "--metrics-host", "127.0.0.1", "--shutdown-grace-ms", "0"];
  const server = await startAntiphon({ args: [...args, ...local], cwd: folder });
  onTestFinished(async () => void (await server.stop()));
  return server;
}

/** The clients of the page, on a port of the test. */
async function expectDelivery(server: AntiphonProcess): Promise<void> {
  const port = { "6001": String(server.port) };
  const client = page.block("js", 'from "pusher-js"');
  const { pusher } = await runModule<{ pusher: pusherModule.default }>(client, port);
  onTestFinished(() => pusher.disconnect());
  const { backend } = await runModule<{ backend: Pusher }>(page.block("js", 'from "pusher"'), port);
  const channel = pusher.subscribe("orders");
  await nextEvent(channel, "pusher:subscription_succeeded");
  const received = nextEvent(channel, "shipped");
  const answer = await backend.trigger("orders", "shipped", { order: 7 });
  expect(await answer.text()).toBe('{"ok":true}');
  expect(await received).toEqual({ order: 7 });
  const info = await backend.get({ path: "/channels/orders" });
  expect(await info.json()).toEqual({ occupied: true, subscription_count: 1 });
}

describe("moving from soketi", () => {
  it.each(["--env-file .env", "--config soketi.json"])(
    "is checked with %s, which prints what the page says",
    async (flags) => {
      const { code, stdout } = await runAntiphon(["config", "check", ...flags.split(" ")], { cwd: folder });
      expect(stdout).toBe(page.outputOf(`antiphon config check ${flags}`));
      expect(code).toBe(0);
    },
  );

  it.each(["--env-file .env", "--config soketi.json"])("serves the page's clients with %s", async (flags) => {
    await expectDelivery(await start(...flags.split(" ")));
  });

  it("keeps the names of the metrics", async () => {
    const server = await start("--config", "soketi.json");
    const url = /Metrics +(http:\S+)/.exec(server.output())?.[1] ?? "";
    const metrics = await (await fetch(url)).text();
    expect(metrics.split("\n")).toContain("# TYPE soketi_connected gauge");
  });

  it("shows every value by our name, with where it came from", async () => {
    const { stdout } = await runAntiphon(["config", "print", "--config", "soketi.json"], { cwd: folder });
    expect(stdout).toMatch(/^apps\[0\]\.connection\.maxConnections +200 +file soketi\.json$/m);
    expect(stdout).toMatch(/^apps\[0\]\.events\.maxDataBytes +102400 +default of profile soketi$/m);
    expect(stdout).toMatch(/^apps\[0\]\.connection\.activityTimeoutSeconds +30 +default of profile soketi$/m);
  });

  it("does not take variables without their prefix", async () => {
    const { stdout } = await runAntiphon(["config", "print"], { env: { PORT: "7777" } });
    expect(stdout).toMatch(/^server\.port +6001 +default$/m);
  });

  it("names settings that there are, and a heading of the reference that there is", () => {
    expect(page.unknownSettings()).toEqual([]);
    const reference = new MarkdownPage("docs/reference/configuration.md");
    expect(page.text).toContain("configuration.md#variables-of-soketi");
    expect(reference.text).toContain("\n## Variables of soketi\n");
  });
});
