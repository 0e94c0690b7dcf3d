/** The suite of all cluster adapters, over real servers: one, and a Redis Cluster. */
import { afterAll, beforeAll, describe, inject } from "vitest";
import {
  type RedisClusterServers,
  type RedisServer,
  startRedisCluster,
  startRedisServer,
} from "../../../../../test/support/redis-server.ts";
import { describeClusterContract } from "../cluster-contract.test.harness.ts";
import { createDistributedCluster } from "../distributed/distributed-cluster.test.harness.ts";
import type { RedisOptions } from "./redis-options.ts";
import { RedisTransport } from "./redis-transport.ts";
import { settingsOf } from "./redis-transport.test.harness.ts";

const search = inject("redisServer");
let clusters = 0;

/** Clusters of ours on one deployment of Redis do not hear each other: each test has a prefix of its own. */
function describeOver(name: string, locate: () => RedisOptions): void {
  describeClusterContract({
    name,
    nodeCount: 3,
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
  describeOver("Redis Cluster", () => ({ cluster: servers.addresses }));
});
