/** A server that is alone and queues webhooks in Redis: what was not delivered when it ended is delivered by the next one. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { expect, it, onTestFinished, vi } from "vitest";
import { connectPusherJs, subscribe } from "../support/pusher-js-client.ts";
import { credentials, startNode, startRedis } from "./joined-servers.ts";

vi.setConfig({ testTimeout: 60_000 });

const patient = { timeout: 20_000, interval: 50 };

it.each([1, 2])("with %i processes leaves its webhooks to the one after it", async (workers) => {
  const names: string[] = [];
  let status = 503;
  let refused = 0;
  const receiver = createServer((request, response) => {
    void text(request).then((body) => {
      const { events } = JSON.parse(body) as { events: { name: string }[] };
      if (status === 200) names.push(...events.map(({ name }) => name));
      else refused += 1;
      response.writeHead(status).end();
      return undefined;
    });
  }).listen(0, "127.0.0.1");
  await once(receiver, "listening");
  onTestFinished(() => {
    receiver.closeAllConnections();
    receiver.close();
  });
  const redis = await startRedis();
  onTestFinished(() => redis.stop());
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  const eventTypes = ["channel_occupied", "channel_vacated"];
  const settings = {
    apps: [{ ...credentials, webhooks: [{ url, eventTypes, debounceMs: 100 }] }],
    server: { workers, shutdownGraceMs: 0 },
    redis: redis.settings["redis"],
    webhooks: { queue: "redis" },
  };
  const first = await startNode(settings);
  const client = await connectPusherJs(first, credentials.key);
  await subscribe(client, "news");
  await vi.waitFor(() => expect(refused).toBeGreaterThan(0), patient);
  client.disconnect();
  expect(await first.stop()).toBe(0);
  expect(names).toEqual([]);

  status = 200;
  await startNode(settings);
  await vi.waitFor(() => expect(names).toEqual(["channel_occupied", "channel_vacated"]), patient);
});
