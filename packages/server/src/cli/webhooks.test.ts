import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { type RedisServer, startRedisServer } from "../../../../test/support/redis-server.ts";
import { readRedisOptions } from "../cluster/redis/redis-options.ts";
import { identifyWebhooks } from "../webhooks/webhook-identity.ts";
import { RedisWebhookStores } from "../webhooks/redis/redis-webhook-stores.ts";
import type { WebhookStore } from "../webhooks/webhook-store.ts";
import { exitCodes, runCommand, type RunResult } from "./cli.test.harness.ts";
import { registerWebhooksCommand } from "./webhooks.ts";

const url = "https://user:hidden@example.com/hook?token=hidden";
const [webhookId = ""] = identifyWebhooks([{ url }]);

let redis: RedisServer;
let stores: RedisWebhookStores;
let store: WebhookStore;

beforeAll(async () => {
  redis = await startRedisServer(inject("redisServer"));
  const reading = readRedisOptions({ port: redis.port });
  if (!("settings" in reading)) throw new Error("the options are wrong");
  stores = new RedisWebhookStores({
    settings: reading.settings,
    maxEvents: 100,
    watches: false,
    report: () => {},
  });
  await stores.start();
  store = stores.open({ appId: "7", webhookId });
});

afterAll(async () => {
  await stores.close();
  await redis.stop();
});

const apps = [
  {
    id: "7",
    key: "key",
    secret: "top-secret",
    webhooks: [{ url, eventTypes: ["channel_occupied", "channel_vacated"] }],
  },
  { id: "8", key: "key8", secret: "top-secret" },
];

async function run(args: readonly string[], settings: Record<string, unknown> = {}): Promise<RunResult> {
  const result = await runCommand(
    [registerWebhooksCommand],
    ["webhooks", ...args, "--webhooks-queue", "redis", "--redis-port", String(redis.port)],
    { env: { ANTIPHON_APPS: JSON.stringify(apps), ...settings } },
  );
  expect(result.stdout + result.stderr).not.toMatch(/hidden|top-secret/);
  return result;
}

async function giveUp(...channels: readonly string[]): Promise<readonly string[]> {
  await store.deleteDead();
  await store.append({
    writer: crypto.randomUUID(),
    owner: undefined,
    entries: channels.map((channel, index) => ({
      sequence: index + 1,
      channel,
      json: JSON.stringify({ name: "channel_occupied", channel }),
      raisedAtMs: 1_700_000_000_000,
    })),
  });
  const positions = (await store.read(undefined, 10)).map(({ position }) => position);
  for (const position of positions) {
    const reason = { failure: "webhook-refused", attempts: 9, status: 500, givenUpAtMs: 1_700_000_300_000 };
    await store.bury([position], reason);
  }
  return (await store.listDead(10)).map(({ id }) => `7/${webhookId}/${id}`);
}

describe("antiphon webhooks queue", () => {
  it("shows how much waits for each webhook, and since when", async () => {
    await giveUp("a");
    await store.append({
      writer: crypto.randomUUID(),
      owner: undefined,
      entries: [{ sequence: 1, channel: "b", json: "{}", raisedAtMs: Date.now() - 60_000 }],
    });
    const { exitCode, stdout } = await run(["queue"]);
    expect(exitCode).toBe(exitCodes.fine);
    expect(stdout).toMatch(
      /^APP {2}WEBHOOK +WAITING {2}OLDEST {2}DEAD\n7 {4}https:\/\/example\.com\/hook {2}1 {8}6\d s {4}1\n$/,
    );
    const json = await run(["queue", "--json"]);
    expect(JSON.parse(json.stdout)).toEqual([
      {
        app: "7",
        webhook: webhookId,
        target: "https://example.com/hook",
        events: 1,
        oldestAgeSeconds: expect.any(Number) as number,
        deadLetters: 1,
      },
    ]);
    const [waiting] = await store.read(undefined, 1);
    await store.remove([waiting?.position ?? ""]);
  });

  it("knows apps without webhooks, and none that is not configured", async () => {
    expect(await run(["queue", "--app", "8"])).toMatchObject({
      exitCode: exitCodes.fine,
      stdout: "No webhooks are configured.\n",
    });
    expect(await run(["queue", "--app", "9"])).toMatchObject({
      exitCode: exitCodes.wrongUsage,
      stderr: 'error: no app with the id "9" is configured.\n',
    });
  });
});

describe("antiphon webhooks dead list", () => {
  it("tells what was given up, when and why", async () => {
    const [id = ""] = await giveUp("a", "b");
    const { exitCode, stdout } = await run(["dead", "list"]);
    expect(exitCode).toBe(exitCodes.fine);
    const [titles, first, second, end] = stdout.split("\n");
    expect(titles).toMatch(/^ID +WEBHOOK +EVENT +CHANNEL +GIVEN UP +ATTEMPTS +LAST FAILURE$/);
    expect(first).toBe(
      `${id}  https://example.com/hook  channel_occupied  a        2023-11-14T22:18:20.000Z  9         webhook-refused (500)`,
    );
    expect(second).toContain(" b ");
    expect(end).toBe("");
    const json = await run(["dead", "list", "--json", "--limit", "1"]);
    expect(JSON.parse(json.stdout)).toEqual([
      {
        id,
        app: "7",
        target: "https://example.com/hook",
        channel: "a",
        event: { name: "channel_occupied", channel: "a" },
        raisedAt: "2023-11-14T22:13:20.000Z",
        givenUpAt: "2023-11-14T22:18:20.000Z",
        attempts: 9,
        failure: "webhook-refused",
        status: 500,
      },
    ]);
  });

  it("says that there are none", async () => {
    await store.deleteDead();
    expect(await run(["dead", "list"])).toEqual({
      exitCode: exitCodes.fine,
      stdout: "There are no dead letters.\n",
      stderr: "",
    });
  });

  it("wants a limit that can be one", async () => {
    expect((await run(["dead", "list", "--limit", "0"])).exitCode).toBe(exitCodes.wrongUsage);
  });
});

describe("antiphon webhooks dead replay and delete", () => {
  it("put those that are named back in their order, and say which are not there", async () => {
    const [first = "", second = ""] = await giveUp("a", "b");
    const { exitCode, stdout, stderr } = await run(["dead", "replay", second, first, "7/other/1-1"]);
    expect(exitCode).toBe(exitCodes.findings);
    expect(stdout).toBe("2 replayed.\n");
    expect(stderr).toBe('There is no dead letter "7/other/1-1".\n');
    const waiting = await store.read(undefined, 10);
    expect(waiting.map(({ channel }) => channel)).toEqual(["a", "b"]);
    await store.remove(waiting.map(({ position }) => position));
  });

  it("put all back in their order", async () => {
    await giveUp("a", "b");
    const { exitCode, stdout } = await run(["dead", "replay", "--all", "--json"]);
    expect(exitCode).toBe(exitCodes.fine);
    expect(JSON.parse(stdout)).toEqual({ replayed: 2, unknown: [] });
    const waiting = await store.read(undefined, 10);
    expect(waiting.map(({ channel }) => channel)).toEqual(["a", "b"]);
    await store.remove(waiting.map(({ position }) => position));
  });

  it("forget those that are named, or all", async () => {
    const [first = ""] = await giveUp("a", "b", "c");
    expect((await run(["dead", "delete", first])).stdout).toBe("1 deleted.\n");
    expect((await run(["dead", "delete", "--all"])).stdout).toBe("2 deleted.\n");
    expect(await store.listDead(10)).toEqual([]);
  });

  it("want ids, or all, and not both", async () => {
    for (const args of [["replay"], ["delete"], ["replay", "--all", "7/a/1"]]) {
      expect(await run(["dead", ...args])).toMatchObject({
        exitCode: exitCodes.wrongUsage,
        stderr: "error: name dead letters by their ids, or give --all.\n",
      });
    }
  });
});

describe("antiphon webhooks", () => {
  it("cannot look into the memory of a server, and says so", async () => {
    const { exitCode, stdout, stderr } = await runCommand([registerWebhooksCommand], ["webhooks", "queue"]);
    expect(exitCode).toBe(exitCodes.couldNotRun);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^Nothing to look at: webhooks wait in the memory of the server/);
  });

  it("says where it could not connect to", async () => {
    const closed = ["webhooks", "dead", "list", "--webhooks-queue", "redis", "--redis-port", "1"];
    const { exitCode, stderr } = await runCommand([registerWebhooksCommand], closed, {
      env: { ANTIPHON_APPS: JSON.stringify(apps) },
    });
    expect(exitCode).toBe(exitCodes.couldNotRun);
    expect(stderr).toContain("Redis at 127.0.0.1:1 cannot be used: ");
  });

  it("names what is wrong with the configuration", async () => {
    const { exitCode, stderr } = await runCommand(
      [registerWebhooksCommand],
      ["webhooks", "queue", "--webhooks-queue", "mail"],
    );
    expect(exitCode).toBe(exitCodes.couldNotRun);
    expect(stderr).toContain("webhooks.queue");
  });
});
