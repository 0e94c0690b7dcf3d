/** The transport over real Sentinels: it finds the master, and the next one when that is gone. */
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { type RedisSentinelServers, startRedisSentinels } from "../../../../../test/support/redis-server.ts";
import { openTransport, type TestTransport } from "./redis-transport.test.harness.ts";

const search = inject("redisServer");

describe.skipIf(!search.found)("over Sentinels, a transport", () => {
  let deployment: RedisSentinelServers;

  beforeAll(async () => {
    deployment = await startRedisSentinels(search, { password: "word" });
  }, 60_000);

  afterAll(() => deployment.stop());

  function open(nodes: readonly string[], name = deployment.name): Promise<TestTransport> {
    return openTransport({
      sentinel: { name, nodes, password: "word" },
      password: "word",
      connectTimeoutMs: 1000,
    });
  }

  it("finds the master, also if some of the Sentinels are away", async () => {
    const node = await open(["127.0.0.1:1", deployment.addresses[1]!]);
    node.subscribe("news");
    await node.settle();
    expect(node.states).toEqual(["connected"]);
    expect(await node.transport.holdLease("leader", "node-1", 1000)).toBe(true);
  });

  it("says that the Sentinels do not watch a master of this name", async () => {
    const node = await open(deployment.addresses, "other");
    expect(node.states[0]).toMatch(/^127\.0\.0\.1:\d+ does not watch a master of this name$/);
  });

  it("goes to the new master when the old one is killed, with all subscriptions", async () => {
    const [node, other] = await Promise.all([open(deployment.addresses), open(deployment.addresses)]);
    node.subscribe("news");
    await node.settle();
    await deployment.servers[0].kill();
    await Promise.all([node.connected(2), other.connected(2)]);
    other.publish("news", "back");
    await node.received("news", 1);
    expect(await node.transport.holdLease("leader", "node-2", 60_000)).toBe(true);
    expect(node.failures).toEqual([]);
  });

  it("leaves a master that Sentinel has made a replica", async () => {
    await deployment.servers[0].restart();
    const node = await open(deployment.addresses);
    node.subscribe("news");
    await node.settle();
    await deployment.failOver();
    await node.connected(2);
    node.publish("news", "back");
    await node.received("news", 1);
    expect(await node.transport.holdLease("leader", "node-3", 60_000)).toBe(true);
  });
});
