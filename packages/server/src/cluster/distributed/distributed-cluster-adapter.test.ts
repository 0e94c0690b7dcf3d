import { describeClusterContract } from "../cluster-contract.test.harness.ts";
import { createDistributedCluster } from "./distributed-cluster.test.harness.ts";
import { MemoryServer } from "./memory-transport.test.harness.ts";

describeClusterContract({
  name: "several machines",
  nodeCount: 3,
  create(overrides) {
    const server = new MemoryServer({ now: () => performance.now() });
    return createDistributedCluster(overrides, {
      createTransport: () => server.createTransport(),
      heartbeatMs: 50,
    });
  },
});
