/** The suite of all cluster adapters over real servers: one, and a Redis Cluster; and what a failover of Sentinels does. */
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished, vi } from "vitest";
import {
  type RedisClusterServers,
  type RedisSentinelServers,
  type RedisServer,
  startRedisCluster,
  startRedisSentinels,
  startRedisServer,
} from "../../../../../test/support/redis-server.ts";
import { member } from "../../pusher/session.test.harness.ts";
import { describeClusterContract } from "../cluster-contract.test.harness.ts";
import { createDistributedCluster } from "../distributed/distributed-cluster.test.harness.ts";
import type { RedisOptions } from "./redis-options.ts";
import { RedisTransport } from "./redis-transport.ts";
import { settingsOf } from "./redis-transport.test.harness.ts";

const search = inject("redisServer");
let clusters = 0;

/** Clusters of ours on one deployment of Redis do not hear each other: each test has a prefix of its own. */
function describeOver(name: string, locate: () => RedisOptions, spreadsChannels = false): void {
  describeClusterContract({
    name,
    nodeCount: 3,
    spreadsChannels,
    create(overrides) {
      const settings = settingsOf({ ...locate(), prefix: `contract-${++clusters}` });
      return createDistributedCluster(overrides, {
        createTransport: () => new RedisTransport({ settings, report: () => {} }),
      });
    },
  });
}

describe.skipIf(!search.found)("over one server,", () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer(search);
  });
  afterAll(() => server.stop());
  describeOver("Redis", () => ({ port: server.port }));
});

describe.skipIf(!search.found)("over three masters,", () => {
  let servers: RedisClusterServers;
  beforeAll(async () => {
    servers = await startRedisCluster(search);
  }, 60_000);
  afterAll(() => servers.stop());
  describeOver("Redis Cluster", () => ({ cluster: servers.addresses }), true);
});

describe.skipIf(!search.found)("over Sentinels, nodes", () => {
  let servers: RedisSentinelServers;
  beforeAll(async () => {
    servers = await startRedisSentinels(search);
  }, 60_000);
  afterAll(() => servers.stop());

  it("serve their own clients while there is no master, and agree when there is another", async () => {
    const settings = settingsOf({ sentinel: { name: servers.name, nodes: servers.addresses } });
    const cluster = await createDistributedCluster(
      {},
      { createTransport: () => new RedisTransport({ settings, report: () => {} }) },
    );
    onTestFinished(() => cluster.stop());
    const [first, second] = [cluster.nodes[0], cluster.nodes[1]!];
    const kept = first.connect().subscribe("presence-a", member("1"));
    const leaver = second.connect().subscribe("presence-a", member("2"));
    const stayer = second.connect().subscribe("presence-a", member("3"));
    await cluster.settle();
    kept.take();
    stayer.take();
    const adapters = [cluster.adapterOf(first), cluster.adapterOf(second)];
    await servers.servers[0].kill();
    await vi.waitUntil(() => adapters.every(({ isConnected }) => !isConnected), { timeout: 10_000 });
    second.hub.publish({ name: "e", channel: "presence-a", data: "" });
    expect(stayer.takeEvents()).toEqual(["e"]);
    leaver.session.closed();
    first.connect().subscribe("presence-a", member("4"));
    // Nobody is taken for dead because nobody is heard.
    expect(first.hub.channel("presence-a").userCount).toBe(4);
    await vi.waitUntil(() => adapters.every(({ isConnected }) => isConnected), { timeout: 15_000 });
    await cluster.settle();
    for (const { hub } of [first, second]) expect(hub.channel("presence-a").userCount).toBe(3);
    stayer.take();
    first.hub.publish({ name: "f", channel: "presence-a", data: "" });
    await cluster.settle();
    expect(stayer.takeEvents()).toContain("f");
  }, 40_000);
});
