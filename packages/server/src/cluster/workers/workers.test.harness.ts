/**
 * Workers and their primary process within one process: real hubs on a real bus over a Unix socket. Each worker reaches the
 * bus through a relay of its own, which can be cut.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";
import { AppHubs } from "../../channels/app-hubs.ts";
import type { ChannelOccurrence } from "../../channels/channel-hub.ts";
import { ClusterReplica } from "../../channels/cluster-replica.ts";
import { type AppOverrides, testApp } from "../../pusher/app.test.harness.ts";
import { ManualClock } from "../../pusher/manual-clock.test.harness.ts";
import { TestNode } from "../../pusher/session.test.harness.ts";
import type { ClusterCommand } from "../cluster-adapter.ts";
import type { TestCluster } from "../cluster-contract.test.harness.ts";
import { Overview } from "./overview.ts";
import { WorkerClusterAdapter } from "./worker-cluster-adapter.ts";

/** A user nobody is: terminating it shows that everything before has arrived. */
const barrierPrefix = "barrier ";

class BarrierReplica extends ClusterReplica {
  readonly barriers = new Set<string>();

  override commanded(command: ClusterCommand): void {
    const userId = command.type === "terminate-user" ? command.userId : "";
    if (userId.startsWith(barrierPrefix)) this.barriers.add(userId);
    else super.commanded(command);
  }
}

interface TestWorker {
  readonly node: TestNode;
  readonly adapter: WorkerClusterAdapter;
  readonly replica: BarrierReplica;
  readonly relay: Relay;
}

/** Passes bytes on between two Unix sockets. */
class Relay {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(target: string) {
    this.#server = createServer((socket) => {
      const onward = connect(target);
      for (const each of [socket, onward]) {
        this.#sockets.add(each);
        each.on("error", () => each.destroy());
        each.on("close", () => this.cut());
      }
      socket.pipe(onward).pipe(socket);
    });
  }

  listen(path: string): Promise<void> {
    return new Promise((resolve) => this.#server.listen(path, resolve));
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  close(): void {
    this.#server.close();
    this.cut();
  }
}

/** Starts workers of one app. */
export async function createTestWorkers(
  overrides: AppOverrides,
  { workers: count = 3 } = {},
): Promise<TestCluster & { readonly reports: readonly string[] }> {
  const folder = await mkdtemp(join(tmpdir(), "antiphon-bus-"));
  const busPath = join(folder, "bus");
  const clock = new ManualClock();
  const app = testApp(overrides);
  const occurrences: ChannelOccurrence[] = [];
  const reports: string[] = [];
  const report = ({ name }: { name: string }): void => void reports.push(name);
  const overview = new Overview({
    findApp: (id) => (id === app.id ? app : undefined),
    raise: (_app, occurrence) => occurrences.push(occurrence),
    report,
    now: clock.now,
    scheduler: clock,
  });
  await overview.bus.start(busPath);
  const workers: TestWorker[] = [];
  let made = 0;
  let barriers = 0;

  async function add(): Promise<TestNode> {
    made += 1;
    const relay = new Relay(busPath);
    const path = join(folder, `relay-${made}`);
    await relay.listen(path);
    const adapter = new WorkerClusterAdapter({ path, report });
    const node = new TestNode(overrides, { clock, cluster: adapter, clientsBefore: made * 100_000 });
    node.hub.onOccurrence((occurrence) => adapter.occurred(app.id, occurrence));
    const hubs = new AppHubs(() => node.hub);
    hubs.for(app);
    const replica = new BarrierReplica({
      hubs,
      findApp: () => app,
      raise: () => {
        throw new Error("workers raise nothing");
      },
    });
    await adapter.start(replica);
    workers.push({ node, adapter, replica, relay });
    return node;
  }

  function find(node: TestNode): TestWorker {
    const worker = workers.find((each) => each.node === node);
    if (worker === undefined) throw new Error("this node is not alive");
    return worker;
  }

  /** Commands go the way of all messages, and the primary process passes them on after what it handled before. */
  async function settle(): Promise<void> {
    const sent = workers.map(({ adapter }) => {
      barriers += 1;
      const userId = `${barrierPrefix}${barriers}`;
      adapter.command({ type: "terminate-user", appId: app.id, userId });
      return userId;
    });
    await vi.waitFor(
      () => {
        for (const [index, { replica }] of workers.entries()) {
          for (const [from, userId] of sent.entries()) {
            if (from !== index && !replica.barriers.has(userId)) throw new Error(`${userId} has not arrived`);
          }
        }
      },
      { interval: 1 },
    );
  }

  const nodes: TestNode[] = [];
  for (let index = 0; index < count; index++) nodes.push(await add());
  return {
    // There is at least one.
    nodes: nodes as [TestNode, ...TestNode[]],
    clock,
    reports,
    takeOccurrences: () => occurrences.splice(0),
    settle,
    // A worker tells the bus before it tells its client.
    subscribed: async () => undefined,
    kill(node) {
      const worker = find(node);
      workers.splice(workers.indexOf(worker), 1);
      worker.relay.close();
      void worker.adapter.stop();
    },
    async interrupt(node) {
      const { adapter, relay } = find(node);
      const before = adapter.nodeId;
      relay.cut();
      await vi.waitFor(
        () => {
          if (adapter.nodeId === before) throw new Error("not back yet");
        },
        { interval: 1 },
      );
    },
    add,
    async stop() {
      await Promise.all(workers.map(({ adapter }) => adapter.stop()));
      for (const { relay } of workers) relay.close();
      await overview.bus.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
