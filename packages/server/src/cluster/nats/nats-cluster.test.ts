import { afterAll, beforeAll, describe, inject } from "vitest";
import { type NatsServerProcess, startNatsServer } from "../../../../../test/support/nats-server.ts";
import { describeClusterContract } from "../cluster-contract.test.harness.ts";
import { createDistributedCluster } from "../distributed/distributed-cluster.test.harness.ts";
import { natsDefaults, resolveNatsOptions } from "./nats-options.ts";
import { NatsTransport } from "./nats-transport.ts";

const natsServer = inject("natsServer");

describe.skipIf(!natsServer.found)("over a real NATS server", () => {
  let server: NatsServerProcess;
  let clusters = 0;

  beforeAll(async () => {
    server = await startNatsServer(natsServer);
  });
  afterAll(() => server.stop());

  describeClusterContract({
    name: "NATS",
    nodeCount: 3,
    create(overrides) {
      clusters += 1;
      const target = resolveNatsOptions({
        ...natsDefaults,
        servers: [server.address],
        prefix: `test-${clusters}`,
      });
      if ("name" in target) throw new Error(target.message);
      return createDistributedCluster(overrides, {
        createTransport: () =>
          new NatsTransport({
            target,
            name: "test",
            report: ({ message }) => {
              throw new Error(message);
            },
          }),
      });
    },
  });
});
