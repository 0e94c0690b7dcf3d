/** The transport over real servers: what it delivers, in which order, and what it says when there is no connection. */
import { afterAll, beforeAll, describe, expect, inject, it, vi } from "vitest";
import { type RedisServer, startRedisServer } from "../../../../../test/support/redis-server.ts";
import { openTransport } from "./redis-transport.test.harness.ts";

const search = inject("redisServer");

describe.skipIf(!search.found)("a single server", () => {
  let server: RedisServer;

  beforeAll(async () => {
    server = await startRedisServer(search);
  });

  afterAll(() => server.stop());

  it("brings bytes as they are to every subscriber, the sender too, and to nobody else", async () => {
    const [sender, other, stranger] = await Promise.all([open(), open(), open()]);
    sender.subscribe("greetings");
    other.subscribe("greetings");
    stranger.subscribe("something else");
    await Promise.all([sender.settle(), other.settle(), stranger.settle()]);
    const payload = Buffer.from([0, 1, 2, 0xff, 0xfe, 13, 10, 36]);
    sender.publish("greetings", payload);
    await sender.received("greetings", 1);
    await other.received("greetings", 1);
    expect(other.payloads("greetings")).toEqual([payload]);
    await stranger.settle();
    expect(stranger.payloads("greetings")).toEqual([]);
  });

  function open() {
    return openTransport({ host: "127.0.0.1", port: server.port });
  }
});
void vi;
