/** The `pusher` package for Node, unmodified, against the API with a real hub behind it. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { FastifyInstance } from "fastify";
import Pusher from "pusher";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LocalHub } from "../channels/local-hub.ts";
import { testApp } from "../pusher/app.test.harness.ts";
import { ManualClock } from "../pusher/manual-clock.test.harness.ts";
import { createHttpApi } from "./http-api.ts";

const app = testApp();
let server: Server;
let fastify: FastifyInstance;
let pusher: Pusher;

beforeEach(async () => {
  const clock = new ManualClock();
  const hub = new LocalHub({
    app,
    createFanOut: () => ({ add() {}, delete() {}, publish() {} }),
    now: clock.now,
    scheduler: clock,
  });
  server = createServer();
  fastify = createHttpApi({
    server,
    apps: { findById: () => app, findByKey: () => app },
    hubFor: () => hub,
    // The SDK signs with the real time.
    now: Date.now,
    pathPrefix: "",
    limits: { maxRequestBytes: 262_144 },
    status: () => "ready",
    memoryThresholdPercent: 100,
    report: () => {},
  });
  await fastify.ready();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // A listening TCP server has an address of this kind.
  const { port } = server.address() as AddressInfo;
  pusher = new Pusher({
    appId: app.id,
    key: app.key,
    secret: app.secret,
    host: "127.0.0.1",
    port: String(port),
    useTLS: false,
    encryptionMasterKeyBase64: Buffer.alloc(32, 1).toString("base64"),
  });
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await fastify.close();
});

async function answerTo(request: Promise<Pusher.Response>) {
  const response = await request;
  return `${response.status} ${await response.text()}`;
}

describe("the Node SDK", () => {
  it("triggers an event on one channel, on many, and on an encrypted one", async () => {
    expect(await answerTo(pusher.trigger("cache-a", "foo", { some: "data" }))).toBe("200 {}");
    expect(await answerTo(pusher.trigger(["a", "b"], "foo", "text", { socket_id: "1.2" }))).toBe("200 {}");
    expect(await answerTo(pusher.trigger("private-encrypted-a", "foo", { secret: true }))).toBe("200 {}");
    expect(await answerTo(pusher.get({ path: "/channels/cache-a", params: { info: "cache" } }))).toMatch(
      /^200 \{"occupied":false,"cache":\{"data":".*some.*data.*","ttl":1800\}\}$/,
    );
  });

  it("gets the attributes it asks for", async () => {
    const params = { info: "user_count,subscription_count" };
    expect(await answerTo(pusher.trigger("presence-a", "foo", {}, params))).toBe(
      '200 {"channels":{"presence-a":{"user_count":0,"subscription_count":0}}}',
    );
  });

  it("triggers a batch", async () => {
    const batch = [
      { channel: "a", name: "foo", data: { some: "data" } },
      { channel: "presence-b", name: "foo", data: "text", info: "user_count" },
    ];
    expect(await answerTo(pusher.triggerBatch(batch.slice(0, 1)))).toBe("200 {}");
    expect(await answerTo(pusher.triggerBatch(batch))).toBe('200 {"batch":[{},{"user_count":0}]}');
  });

  it("reads channels and users", async () => {
    expect(await answerTo(pusher.get({ path: "/channels" }))).toBe('200 {"channels":{}}');
    const params = { filter_by_prefix: "presence-", info: "user_count" };
    expect(await answerTo(pusher.get({ path: "/channels", params }))).toBe('200 {"channels":{}}');
    expect(await answerTo(pusher.get({ path: "/channels/a" }))).toBe('200 {"occupied":false}');
    expect(await answerTo(pusher.get({ path: "/channels/presence-a/users" }))).toBe('200 {"users":[]}');
  });

  it("sends to a user and ends the user's connections, whatever the id holds", async () => {
    expect(await answerTo(pusher.sendToUser("ann b", "foo", {}))).toBe("200 {}");
    expect(await answerTo(pusher.terminateUserConnections("ann b"))).toBe("200 {}");
  });

  it("fails with the status and the explanation of a refusal", async () => {
    await expect(pusher.get({ path: "/channels/a/users" })).rejects.toMatchObject({
      status: 400,
      body: expect.stringContaining("Only presence channels have users"),
    });
    await expect(pusher.trigger("a", "pusher:error", {})).rejects.toMatchObject({ status: 400 });
  });
});
