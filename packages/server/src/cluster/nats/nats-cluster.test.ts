import { afterAll, afterEach, beforeAll, describe, expect, inject, it, onTestFinished } from "vitest";
import { type NatsServerProcess, startNatsServer } from "../../../../../test/support/nats-server.ts";
import { member, type TestNode } from "../../pusher/session.test.harness.ts";
import { describeClusterContract } from "../cluster-contract.test.harness.ts";
import {
  createDistributedCluster,
  type TestDistributedCluster,
} from "../distributed/distributed-cluster.test.harness.ts";
import { natsDefaults, resolveNatsOptions } from "./nats-options.ts";
import { NatsTransport } from "./nats-transport.ts";
import { waitFor } from "./nats-transport.test.harness.ts";

const natsServer = inject("natsServer");

/** `failures` gets the names of what is reported. */
function createTransport(server: NatsServerProcess, prefix: string, failures: string[]): NatsTransport {
  const target = resolveNatsOptions({ ...natsDefaults, servers: [server.address], prefix });
  if ("name" in target) throw new Error(target.message);
  return new NatsTransport({ target, name: "test", report: ({ name }) => void failures.push(name) });
}

describe.skipIf(!natsServer.found)("over a real NATS server", () => {
  let server: NatsServerProcess;
  let clusters = 0;
  const failures: string[] = [];

  beforeAll(async () => {
    server = await startNatsServer(natsServer);
  });
  afterEach(() => expect(failures).toEqual([]));
  afterAll(() => server.stop());

  describeClusterContract({
    name: "NATS",
    nodeCount: 3,
    create(overrides) {
      clusters += 1;
      const prefix = `test-${clusters}`;
      return createDistributedCluster(overrides, {
        createTransport: () => createTransport(server, prefix, failures),
      });
    },
  });
});

describe.skipIf(!natsServer.found)("nodes whose NATS server", () => {
  /** One member on each node, and everything that was raised for it taken. */
  async function startCluster(): Promise<{
    server: NatsServerProcess;
    cluster: TestDistributedCluster;
    failures: string[];
  }> {
    const server = await startNatsServer(natsServer);
    onTestFinished(() => server.stop());
    const failures: string[] = [];
    const createOne = (): NatsTransport => createTransport(server, "test", failures);
    const cluster = await createDistributedCluster({}, { createTransport: createOne });
    onTestFinished(() => cluster.stop());
    for (const [index, node] of cluster.nodes.entries()) {
      node.connect().subscribe("presence-a", member(`before-${index}`));
    }
    await cluster.settle();
    cluster.takeOccurrences();
    return { server, cluster, failures };
  }

  function membersAt({ hub }: TestNode): string[] {
    const members = hub.members("presence-a").map(({ userId }) => String(userId));
    return members.toSorted();
  }

  const before = ["before-0", "before-1", "before-2"];

  it.each<
    [string, (server: NatsServerProcess) => Promise<void>, (server: NatsServerProcess) => Promise<void>]
  >([
    [
      "is killed and comes back empty",
      (server) => server.kill(),
      (server) => server.restart({ empty: true }),
    ],
    ["stands still and goes on", (server) => server.freeze(), async (server) => server.thaw()],
  ])("%s keep what they know meanwhile, and know all afterwards", async (_, end, begin) => {
    const { server, cluster, failures } = await startCluster();
    const adapters = cluster.nodes.map((node) => cluster.adapterOf(node));
    await end(server);
    await waitFor(() =>
      expect(adapters.map(({ isConnected }) => isConnected)).toEqual([false, false, false]),
    );
    expect(adapters.map(({ leads }) => leads)).toEqual([false, false, false]);
    const watcher = cluster.nodes[0].connect().subscribe("presence-a", member("meanwhile"));
    for (const node of cluster.nodes.slice(1)) expect(membersAt(node)).toEqual(before);
    watcher.take();
    await begin(server);
    await waitFor(() => expect(adapters.map(({ isConnected }) => isConnected)).toEqual([true, true, true]));
    await cluster.settle();
    for (const node of cluster.nodes) expect(membersAt(node)).toEqual([...before, "meanwhile"]);
    // Nobody was seen to leave.
    expect(watcher.take()).toEqual([]);
    expect(cluster.takeOccurrences().filter(({ name }) => name !== "member_added")).toEqual([]);
    expect(adapters.filter(({ leads }) => leads)).toHaveLength(1);
    // Whoever asks a server that stands still for the lease may hear nothing before the connection is given up.
    expect(failures.filter((name) => name !== "cluster-nats-lease-unavailable")).toEqual([]);
  });
});
