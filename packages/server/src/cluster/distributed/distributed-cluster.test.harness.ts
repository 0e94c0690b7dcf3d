/**
 * Nodes of a distributed cluster within one process, on whatever transport a test brings: for the contract suite on real
 * servers, and in memory.
 *
 *   describeClusterContract({ name: "Redis", nodeCount: 3, create: (overrides) =>
 *     createDistributedCluster(overrides, { createTransport: () => new RedisTransport(options) }) });
 */
import { vi } from "vitest";
import { AppHubs } from "../../channels/app-hubs.ts";
import type { ChannelOccurrence } from "../../channels/channel-hub.ts";
import { ClusterReplica } from "../../channels/cluster-replica.ts";
import { timerScheduler } from "../../lifecycle/timer-scheduler.ts";
import { type AppOverrides, testApp } from "../../pusher/app.test.harness.ts";
import { ManualClock } from "../../pusher/manual-clock.test.harness.ts";
import { TestNode } from "../../pusher/session.test.harness.ts";
import type { TestCluster } from "../cluster-contract.test.harness.ts";
import type { ClusterTransport } from "./cluster-transport.ts";
import { DistributedClusterAdapter } from "./distributed-cluster-adapter.ts";
import { keyOfTopic, type Probe, probe, ProbedTransport } from "./probed-transport.test.harness.ts";
import { stateTopic } from "./topics.ts";

export interface DistributedClusterSubject {
  /** One for each node, not started; all of them meet on one server. */
  readonly createTransport: () => ClusterTransport;
  /** Called when the nodes have stopped. */
  readonly stop?: () => Promise<void>;
  readonly nodes?: number;
  readonly heartbeatMs?: number;
  readonly nodeTimeoutMs?: number;
}

interface DistributedNode {
  readonly node: TestNode;
  readonly adapter: DistributedClusterAdapter;
  readonly transport: ProbedTransport;
}

export interface TestDistributedCluster extends TestCluster {
  /** Names of the failures that were reported. */
  readonly reports: readonly string[];
  adapterOf(node: TestNode): DistributedClusterAdapter;
}

/** Starts nodes of one app. The first leads. */
export async function createDistributedCluster(
  overrides: AppOverrides,
  subject: DistributedClusterSubject,
): Promise<TestDistributedCluster> {
  const { createTransport, nodes: count = 3, heartbeatMs = 100, nodeTimeoutMs = 2000 } = subject;
  const clock = new ManualClock();
  const app = testApp(overrides);
  const occurrences: ChannelOccurrence[] = [];
  const reports: string[] = [];
  const alive: DistributedNode[] = [];
  let made = 0;

  async function add(): Promise<TestNode> {
    made += 1;
    const transport = new ProbedTransport(createTransport());
    const adapter = new DistributedClusterAdapter({
      transport,
      heartbeatMs,
      nodeTimeoutMs,
      report: ({ name }) => reports.push(name),
      now: () => performance.now(),
      scheduler: timerScheduler,
    });
    const node = new TestNode(overrides, { clock, cluster: adapter, clientsBefore: made * 100_000 });
    node.hub.onOccurrence((occurrence) => adapter.occurred(app.id, occurrence));
    const hubs = new AppHubs(() => node.hub);
    hubs.for(app);
    await adapter.start(
      new ClusterReplica({
        hubs,
        findApp: () => app,
        raise: (_app, occurrence) => occurrences.push(occurrence),
      }),
    );
    alive.push({ node, adapter, transport });
    return node;
  }

  function find(node: TestNode): DistributedNode {
    const found = alive.find((each) => each.node === node);
    if (found === undefined) throw new Error("this node is not alive");
    return found;
  }

  async function untilOneLeads(): Promise<void> {
    await vi.waitFor(
      () => {
        if (alive.filter(({ adapter }) => adapter.leads).length !== 1) throw new Error("nobody leads");
      },
      { interval: 5, timeout: 10_000 },
    );
  }

  async function subscribed(): Promise<void> {
    await Promise.all(alive.map(({ transport }) => transport.proveSubscriptions()));
  }

  /** What has been published by now comes before these. */
  function takeProbes(): Probe[] {
    const transports = alive.map(({ transport }) => transport);
    return transports.flatMap((publisher) => {
      const topics = [stateTopic, ...publisher.published.values()];
      publisher.published.clear();
      return topics.map((topic) => {
        const key = keyOfTopic(topic);
        return { key, topic, publisher, readers: transports.filter((each) => each.subscriptions.has(key)) };
      });
    });
  }

  function expectInStep(): void {
    for (const one of alive) {
      for (const other of alive) {
        if (one === other) continue;
        const peer = one.adapter.describePeers().find(({ nodeId }) => nodeId === other.adapter.nodeId);
        if (peer?.synchronised && peer.sequence === other.adapter.sequence) continue;
        throw new Error("a node does not know all of another");
      }
    }
  }

  async function settle(): Promise<void> {
    // Ends the turn, with which announcements go out.
    await new Promise(setImmediate);
    await subscribed();
    await probe(takeProbes());
    await vi.waitFor(expectInStep, { interval: 1, timeout: 10_000 });
    await untilOneLeads();
  }

  const nodes: TestNode[] = [await add()];
  await untilOneLeads();
  while (nodes.length < count) nodes.push(await add());
  await settle();
  return {
    // There is at least one.
    nodes: nodes as [TestNode, ...TestNode[]],
    clock,
    reports,
    takeOccurrences: () => occurrences.splice(0),
    settle,
    subscribed,
    adapterOf: (node) => find(node).adapter,
    kill(node) {
      const { adapter, transport } = find(node);
      alive.splice(alive.indexOf(find(node)), 1);
      transport.die();
      void adapter.stop();
    },
    async interrupt(node) {
      const { adapter, transport } = find(node);
      const before = transport.connections;
      transport.reconnect();
      await vi.waitFor(
        () => {
          if (transport.connections === before || !adapter.isConnected) throw new Error("not back yet");
        },
        { interval: 1, timeout: 10_000 },
      );
    },
    add,
    async stop() {
      await Promise.all(alive.map(({ adapter }) => adapter.stop()));
      await subject.stop?.();
    },
  };
}
