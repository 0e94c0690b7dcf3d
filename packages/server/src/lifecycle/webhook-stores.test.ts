import { describe, expect, it } from "vitest";
import { loadConfig } from "../config/load-config.ts";
import { chooseWebhookQueue, createWebhookStores } from "./webhook-stores.ts";

async function load(env: Record<string, string>) {
  const apps = JSON.stringify([{ id: "7", key: "k", secret: "s" }]);
  const result = await loadConfig({ env: { ANTIPHON_APPS: apps, ...env } });
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join("\n"));
  return result.config;
}

describe("the queue of webhooks", () => {
  it.each([
    [{}, "memory"],
    [{ ANTIPHON_CLUSTER_DRIVER: "nats" }, "nats"],
    [{ ANTIPHON_CLUSTER_DRIVER: "nats", ANTIPHON_WEBHOOKS_QUEUE: "memory" }, "memory"],
    [{ ANTIPHON_WEBHOOKS_QUEUE: "redis" }, "redis"],
  ])("with %j is in %s", async (env, queue) => {
    expect(chooseWebhookQueue(await load(env))).toBe(queue);
  });

  it.each([
    ["memory", undefined],
    ["redis", "Redis at 10.0.0.1:6400"],
    ["nats", "NATS at 10.0.0.2:4300 as user antiphon"],
  ])("in %s is found at %s, which shows no password", async (queue, name) => {
    const config = await load({
      ANTIPHON_WEBHOOKS_QUEUE: queue,
      ANTIPHON_REDIS_URL: "redis://u:hidden@10.0.0.1:6400",
      ANTIPHON_NATS_SERVERS: "nats://antiphon:hidden@10.0.0.2:4300",
    });
    const stores = createWebhookStores(config, { watches: false, report: () => {} });
    expect(stores?.name).toBe(name);
  });
});
