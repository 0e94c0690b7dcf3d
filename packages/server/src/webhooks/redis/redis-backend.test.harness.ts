/** A real Redis as a backend of the suites of webhook stores. */
import { inject } from "vitest";
import { startRedisServer } from "../../../../../test/support/redis-server.ts";
import { readRedisOptions } from "../../cluster/redis/redis-options.ts";
import type { StoreBackend } from "../webhook-store-contract.test.harness.ts";
import { RedisWebhookStores } from "./redis-webhook-stores.ts";

export async function startRedis(): Promise<StoreBackend> {
  const server = await startRedisServer(inject("redisServer"));
  return {
    async connect(place, maxEvents) {
      const reading = readRedisOptions({ port: server.port, prefix: place });
      if (!("settings" in reading)) throw new Error("the options are wrong");
      const { settings } = reading;
      const stores = new RedisWebhookStores({ settings, maxEvents, watches: true, report: () => {} });
      await stores.start();
      return stores;
    },
    async kill() {
      await server.command("SAVE");
      await server.kill();
    },
    async restart({ empty }) {
      await server.restart();
      if (empty) await server.command("FLUSHALL");
    },
    stop: () => server.stop(),
  };
}
