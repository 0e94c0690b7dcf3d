/** The rates of the HTTP API over two servers: one limit for both while they hear each other, one each while they do not. */
import Pusher from "pusher";
import { expect, it, onTestFinished, vi } from "vitest";
import { createPublisher } from "../support/publisher.ts";
import { credentials, readMetric, startNode, startRedis } from "./joined-servers.ts";

vi.setConfig({ testTimeout: 60_000 });

const patient = { timeout: 20_000, interval: 50 };
const rates = { maxBackendEventsPerSecond: 10 };
const other = { id: "89", key: "other-key", secret: "other-secret" };

/** So many events in one request leave a debt of two seconds and more. */
const expensive = Array.from({ length: 30 }, (_, index) => `channel-${index}`);

async function publish(publisher: Pusher, channels: string | string[]): Promise<number> {
  try {
    return (await publisher.trigger(channels, "event", {})).status;
  } catch (error) {
    if (error instanceof Pusher.RequestError && error.status !== undefined) return error.status;
    throw error;
  }
}

it("what one server lets through counts on the other, and is forgiven while nothing joins them", async () => {
  const redis = await startRedis();
  onTestFinished(() => redis.stop());
  const apps = [credentials, other].map((app) => ({ ...app, rates }));
  const settings = { apps, server: { shutdownGraceMs: 0 }, ...redis.settings };
  const servers = await Promise.all([startNode(settings), startNode(settings)]);
  for (const server of servers) {
    await vi.waitFor(async () => expect(await readMetric(server, "cluster_nodes")).toBe(2), patient);
  }
  const [here, there] = servers.map((server) => createPublisher(server, credentials));
  expect(await publish(here!, expensive)).toBe(200);
  // Five a second are half of what the other one would let through by itself.
  const slowly = { timeout: 1800, interval: 200 };
  await vi.waitFor(async () => expect(await publish(there!, "channel")).toBe(429), slowly);

  await redis.kill();
  for (const server of servers) {
    await vi.waitFor(async () => expect(await readMetric(server, "cluster_backend_up")).toBe(0), patient);
  }
  const [alone, aloneToo] = servers.map((server) => createPublisher(server, other));
  expect(await publish(alone!, expensive)).toBe(200);
  expect(await publish(alone!, "channel")).toBe(429);
  expect(await publish(aloneToo!, expensive)).toBe(200);
});
