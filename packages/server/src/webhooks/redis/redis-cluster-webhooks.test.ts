import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished, vi } from "vitest";
import { type RedisClusterServers, startRedisCluster } from "../../../../../test/support/redis-server.ts";
import { readRedisOptions } from "../../cluster/redis/redis-options.ts";
import { RedisWebhookStores } from "./redis-webhook-stores.ts";

let servers: RedisClusterServers;

beforeAll(async () => {
  servers = await startRedisCluster(inject("redisServer"));
});
afterAll(() => servers.stop());

async function connect(watches: boolean): Promise<RedisWebhookStores> {
  const reading = readRedisOptions({ cluster: servers.addresses });
  if (!("settings" in reading)) throw new Error("the options are wrong");
  const { settings } = reading;
  const stores = new RedisWebhookStores({ settings, maxEvents: 10, watches, report: () => {} });
  onTestFinished(() => stores.close());
  await stores.start();
  return stores;
}

describe("stores of webhooks in a Redis Cluster", () => {
  it("spread apps over the masters, and keep all of a webhook in one slot", async () => {
    const [one, other] = [await connect(true), await connect(false)];
    const appIds = Array.from({ length: 40 }, (_, index) => `app-${index}`);
    for (const appId of appIds) {
      const address = { appId, webhookId: "w" };
      const store = one.open(address);
      const woken = vi.fn<() => void>();
      onTestFinished(store.watch(woken));
      await store.claim("me");
      const entry = { sequence: 1, channel: "a", json: appId, raisedAtMs: 1 };
      const edge = { key: "a", present: true };
      const request = { writer: "w", owner: "me", entries: [{ ...entry, edge }] };
      expect(await other.open(address).append(request)).toEqual({ outcome: "appended", dropped: 0 });
      await vi.waitFor(() => expect(woken).toHaveBeenCalledOnce(), 15_000);
      const [event] = await store.read(undefined, 10);
      expect(event?.json).toBe(appId);
      await store.bury([event?.position ?? ""], { failure: "f", attempts: 1, givenUpAtMs: 2 });
      expect(await store.replayDead()).toBe(1);
      expect(await store.depth()).toMatchObject({ events: 1, deadLetters: 0 });
      expect([...(await store.claim("other"))]).toEqual(["a"]);
    }
    const sizes = await Promise.all(servers.masters.map((master) => master.command("DBSIZE")));
    for (const size of sizes) expect(Number(size)).toBeGreaterThan(0);
  });
});
