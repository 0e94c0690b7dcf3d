/** Produces the transcripts on the page about `antiphon webhooks` with the real command and a real Redis, and compares. */
import { readFileSync } from "node:fs";
import { describe, expect, inject, it, onTestFinished } from "vitest";
import { readRedisOptions } from "../../packages/server/src/cluster/redis/redis-options.ts";
import { RedisWebhookStores } from "../../packages/server/src/webhooks/redis/redis-webhook-stores.ts";
import { identifyWebhooks } from "../../packages/server/src/webhooks/webhook-identity.ts";
import { runAntiphon } from "../support/antiphon-process.ts";
import { startRedisServer } from "../support/redis-server.ts";

const page = readFileSync(new URL("../../docs/reference/cli-webhooks.md", import.meta.url), "utf8");
const blocks = Array.from(page.matchAll(/^```console\n([^]*?)^```$/gm), ([, block]) => block!);

const url = "https://shop.example.com/pusher";
const [webhookId = ""] = identifyWebhooks([{ url }]);

describe("docs/reference/cli-webhooks.md", () => {
  it("shows what the commands print", async () => {
    const redis = await startRedisServer(inject("redisServer"));
    onTestFinished(() => redis.stop());
    const reading = readRedisOptions({ port: redis.port });
    if (!("settings" in reading)) throw new Error("the options are wrong");
    const { settings } = reading;
    const stores = new RedisWebhookStores({ settings, maxEvents: 9, watches: false, report: () => {} });
    onTestFinished(() => stores.close());
    await stores.start();
    const store = stores.open({ appId: "7", webhookId });

    let sequence = 0;
    const add = (name: string, raisedAtMs: number) =>
      store.append({
        writer: "test",
        owner: undefined,
        entries: [{ sequence: ++sequence, channel: "news", json: JSON.stringify({ name }), raisedAtMs }],
      });
    const times = {
      raisedAtMs: Date.parse("2023-11-14T22:13:20Z"),
      givenUpAtMs: Date.parse("2023-11-14T22:18:20Z"),
    };
    await add("channel_occupied", times.raisedAtMs);
    await add("channel_vacated", times.raisedAtMs);
    const [first, second] = await store.read(undefined, 2);
    const { givenUpAtMs } = times;
    await store.bury([first!.position], {
      failure: "webhook-refused",
      attempts: 10,
      status: 500,
      givenUpAtMs,
    });
    await store.bury([second!.position], { failure: "webhook-timeout", attempts: 1, givenUpAtMs });
    await add("channel_occupied", Date.now() - 60_000);
    const ids = (await store.listDead(2)).map(({ id }) => id);

    const env = {
      ANTIPHON_APPS: JSON.stringify([
        { id: "7", key: "k", secret: "s", webhooks: [{ url, eventTypes: ["channel_occupied"] }] },
      ]),
      ANTIPHON_WEBHOOKS_QUEUE: "redis",
      ANTIPHON_REDIS_PORT: String(redis.port),
    };
    /** Ids and ages differ from run to run: on the page stand these. */
    const settle = (text: string): string =>
      text
        .replaceAll(webhookId, "0123456789abcdef")
        .replaceAll(ids[0]!, "1700000000000-0")
        .replaceAll(ids[1]!, "1700000000000-1")
        .replaceAll(/\b6\d s\b/g, "60 s");
    const unsettle = (text: string): string =>
      text
        .replaceAll("0123456789abcdef", webhookId)
        .replaceAll("1700000000000-0", ids[0]!)
        .replaceAll("1700000000000-1", ids[1]!);

    for (const block of blocks) {
      let printed = "";
      let code: number | null = 0;
      for (const line of block.split("\n").filter((text) => text.startsWith("$ "))) {
        printed += `${line}\n`;
        if (line === "$ echo $?") printed += `${code}\n`;
        else {
          const words = unsettle(line).split(" ").slice(2);
          const result = await runAntiphon(words, { env });
          code = result.code;
          printed += settle(result.stdout + result.stderr);
        }
      }
      expect(printed).toBe(block);
    }
  }, 60_000);
});
