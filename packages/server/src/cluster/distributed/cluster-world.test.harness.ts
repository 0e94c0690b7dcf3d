/**
 * Nodes of a distributed cluster in a world of their own: one clock, which moves when a test says so, one server in memory,
 * and nodes that can be killed, paused and cut off. Everything else is real, from the Pusher sessions down.
 */
import type { Failure } from "@antiphon/websocket";
import { expect } from "vitest";
import { AppHubs } from "../../channels/app-hubs.ts";
import type { ChannelOccurrence } from "../../channels/channel-hub.ts";
import { ClusterReplica } from "../../channels/cluster-replica.ts";
import type { AppOverrides } from "../../pusher/app.test.harness.ts";
import { ManualClock } from "../../pusher/manual-clock.test.harness.ts";
import type { Scheduler } from "../../pusher/scheduler.ts";
import { member, type TestClient, TestNode } from "../../pusher/session.test.harness.ts";
import { DistributedClusterAdapter } from "./distributed-cluster-adapter.ts";
import { MemoryServer, type MemoryTransport } from "./memory-transport.test.harness.ts";
import { readKind, wireKinds } from "./wire-header.ts";
import { decodeMessage, type WireMessage } from "./wire-message.ts";

export const heartbeatMs = 1000;
export const nodeTimeoutMs = 6000;

/** Time moves in steps of this. */
const stepMs = 250;

/** What a paused process would do waits until it runs on. */
class ProcessTimers implements Scheduler {
  isPaused = false;
  readonly #clock: ManualClock;
  readonly #waiting = new Set<() => void>();

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  readonly defer = (task: () => void): void => {
    setImmediate(() => this.#run(task));
  };

  schedule(delayMs: number, task: () => void): () => void {
    const cancel = this.#clock.schedule(delayMs, () => this.#run(task));
    return () => {
      cancel();
      this.#waiting.delete(task);
    };
  }

  resume(): void {
    this.isPaused = false;
    for (const task of this.#waiting) {
      this.#waiting.delete(task);
      task();
    }
  }

  #run(task: () => void): void {
    if (this.isPaused) this.#waiting.add(task);
    else task();
  }
}

export class WorldNode {
  readonly node: TestNode;
  readonly adapter: DistributedClusterAdapter;
  readonly transport: MemoryTransport;
  readonly timers: ProcessTimers;
  readonly reports: Failure[] = [];
  /** How leadership came and went here. */
  readonly leadership: boolean[] = [];

  constructor(world: ClusterWorld, overrides: AppOverrides, number: number) {
    const { clock, server } = world;
    this.timers = new ProcessTimers(clock);
    this.transport = server.createTransport();
    this.adapter = new DistributedClusterAdapter({
      transport: this.transport,
      heartbeatMs,
      nodeTimeoutMs,
      report: (failure) => this.reports.push(failure),
      now: clock.now,
      scheduler: this.timers,
      defer: this.timers.defer,
    });
    this.node = new TestNode(overrides, { clock, cluster: this.adapter, clientsBefore: number * 100_000 });
    this.node.hub.onOccurrence((occurrence) => this.adapter.occurred(this.node.hub.app.id, occurrence));
  }

  /** Resolves as the adapter does; time has to move meanwhile. */
  start(raise: (occurrence: ChannelOccurrence) => void): Promise<void> {
    const { node } = this;
    const hubs = new AppHubs(() => node.hub);
    hubs.for(node.hub.app);
    return this.adapter.start(
      new ClusterReplica({
        hubs,
        findApp: () => node.hub.app,
        raise: (_app, occurrence) => raise(occurrence),
        onLeadership: (leads) => this.leadership.push(leads),
      }),
    );
  }

  /** A client in a presence channel that has read its list of members. */
  enter(channel: string, userId: string): TestClient {
    const client = this.node.connect().subscribe(channel, member(userId));
    client.take();
    return client;
  }

  /** Occupies so many channels, for a state that takes several portions to tell. */
  occupy(channels: number): void {
    for (let index = 0; index < channels; index += 50) {
      const client = this.node.connect();
      for (let each = index; each < index + 50; each++) client.subscribe(`filler-${each}`);
    }
  }

  /** Ids of the members of a channel, in order. */
  members(channel: string): string[] {
    return this.node.hub
      .members(channel)
      .map(({ userId }) => String(userId))
      .toSorted();
  }

  /** Names of the failures since the last call. */
  takeReports(): string[] {
    return this.reports.splice(0).map(({ name }) => name);
  }

  /** Stops the process as SIGSTOP does. */
  pause(): void {
    this.timers.isPaused = true;
    this.transport.isPaused = true;
  }

  /** Lets it run on: what came meanwhile is read before the timers run, or after. */
  resume(first: "messages" | "timers"): void {
    if (first === "timers") this.timers.resume();
    this.transport.resume();
    this.timers.resume();
  }

  /** Ends the process without a word. */
  kill(): void {
    this.timers.isPaused = true;
    void this.transport.stop();
  }
}

export class ClusterWorld {
  readonly clock = new ManualClock();
  readonly server: MemoryServer;
  /** What was raised, on whichever node. */
  readonly raised: ChannelOccurrence[] = [];
  /** Alive or not. */
  readonly nodes: WorldNode[] = [];
  readonly #overrides: AppOverrides;

  constructor(overrides: AppOverrides = {}, pick?: (count: number) => number) {
    this.#overrides = overrides;
    this.server = new MemoryServer({ now: this.clock.now, ...(pick && { pick }) });
  }

  /** A node that has not started. */
  create(): WorldNode {
    const node = new WorldNode(this, this.#overrides, this.nodes.length + 1);
    this.nodes.push(node);
    return node;
  }

  /** A node that knows the others. */
  async add(): Promise<WorldNode> {
    const node = this.create();
    const start = { ended: false };
    void node
      .start((occurrence) => this.raised.push(occurrence))
      .finally(() => {
        start.ended = true;
      });
    while (!start.ended) await this.run(stepMs);
    return node;
  }

  /** Nodes that know each other; the first leads. */
  async addNodes<const Names extends readonly string[]>(
    ...names: Names
  ): Promise<{ [Index in keyof Names]: WorldNode }> {
    const nodes: WorldNode[] = [];
    while (nodes.length < names.length) {
      nodes.push(await this.add());
      await this.run(2 * heartbeatMs);
    }
    // As many as there are names.
    return nodes as { [Index in keyof Names]: WorldNode };
  }

  /** Moves time; everything that is sent arrives in its step. At no time do two nodes lead. */
  async run(ms: number): Promise<void> {
    for (let leftMs = ms; leftMs > 0; leftMs -= stepMs) {
      this.clock.advance(Math.min(stepMs, leftMs));
      await this.settle();
      expect(this.leaders().length, "nodes that lead").toBeLessThan(2);
    }
  }

  /** Has everything arrive that is on the way, without time. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 2; quiet++) {
      await new Promise(setImmediate);
      if (this.server.isBusy) quiet = -1;
    }
  }

  /** Those that would raise something now; who does not run raises nothing. */
  leaders(): WorldNode[] {
    return this.nodes.filter(({ adapter, timers }) => !timers.isPaused && adapter.leads);
  }

  /** What was raised since the last call, as text. */
  takeRaised(): string[] {
    return this.raised.splice(0).map((occurrence) => {
      const user = "userId" in occurrence ? ` ${occurrence.userId}` : "";
      return `${occurrence.name} ${occurrence.channel}${user}`;
    });
  }

  /** Loses the next messages of this type, as many as there are, on the way to a node. */
  lose(type: WireMessage["type"], to: WorldNode, count = 1): void {
    const { loses } = this.server;
    let left = count;
    this.server.loses = (transport, delivery) => {
      const lost = left > 0 && transport === to.transport && typeOf(delivery.payload) === type;
      if (lost) left -= 1;
      return lost || loses(transport, delivery);
    };
  }
}

/** The type of a message; `undefined` if it is a publication, or nothing of ours. */
export function typeOf(payload: Buffer): WireMessage["type"] | undefined {
  return readKind(payload) === wireKinds.message ? decodeMessage(payload)?.type : undefined;
}
