/**
 * Clients come and go on nodes that are cut off, paused, killed and replaced, while messages are lost and overtake each other.
 * When all is well again for a while, every node has to know exactly what the others hold, nobody may have been told the same
 * twice, and at no time do two nodes lead.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { member, type TestClient } from "../../pusher/session.test.harness.ts";
import { ClusterWorld, heartbeatMs, nodeTimeoutMs, type WorldNode } from "./cluster-world.test.harness.ts";

/** In which each node has somebody all the time. */
const watched: readonly string[] = ["a", "presence-b", "presence-c"];

/** The last one is left by whole nodes, and by all. */
const channels: readonly string[] = [...watched, "presence-d"];

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant("move"), on: fc.nat(2), what: fc.nat(3), who: fc.nat(3) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("wait"), beats: fc.integer({ min: 1, max: 9 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("lose"), on: fc.nat(2), oneIn: fc.integer({ min: 2, max: 6 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom("cut", "join", "pause", "resume", "swallow", "die", "end", "server"),
      on: fc.nat(2),
    }),
  },
) as fc.Arbitrary<Step>;

interface Step {
  readonly do: string;
  readonly on?: number;
  readonly what?: number;
  readonly who?: number;
  readonly beats?: number;
  readonly oneIn?: number;
}

/** Whether what a client or a hub was told of each thing begins and ends by turns; a client may find it there. */
function expectTurns(told: readonly (readonly [key: string, isStart: boolean])[]): void {
  const present = new Map<string, boolean>();
  for (const [key, isStart] of told) {
    expect(present.get(key) ?? !isStart, `${key} begins and ends by turns`).toBe(!isStart);
    present.set(key, isStart);
  }
}

class Run {
  readonly world: ClusterWorld;
  readonly #nodes: WorldNode[];
  readonly #clients = new Map<WorldNode, Map<string, TestClient>>();
  readonly #watched: TestClient[] = [];

  constructor(world: ClusterWorld, nodes: readonly WorldNode[]) {
    this.world = world;
    this.#nodes = [...nodes];
    for (const node of nodes) this.#watch(node);
  }

  async take(next: Step): Promise<void> {
    const { world } = this;
    const index = next.on ?? 0;
    const node = this.#nodes[index];
    if (node === undefined) return;
    switch (next.do) {
      case "move":
        this.#move(node, channels[next.what ?? 0] ?? "a", `${next.who}`);
        await world.settle();
        break;
      case "wait":
        await world.run((next.beats ?? 1) * heartbeatMs);
        break;
      case "lose": {
        let count = 0;
        world.server.loses = (to) => to === node.transport && ++count % (next.oneIn ?? 2) === 0;
        break;
      }
      case "cut":
        node.transport.hold();
        break;
      case "join":
        node.transport.release();
        break;
      case "pause":
        node.pause();
        break;
      case "resume":
        if (node.timers.isPaused) node.resume(index === 0 ? "timers" : "messages");
        break;
      case "swallow":
        node.transport.swallows = true;
        break;
      case "server":
        if (world.server.isUp) world.server.stop();
        else world.server.start();
        break;
      case "die":
        node.kill();
        await this.#replace(index);
        break;
      default:
        if (node.timers.isPaused) return;
        for (const client of this.#clients.get(node)?.values() ?? []) client.session.closed();
        void node.adapter.stop();
        await this.#replace(index);
    }
  }

  async heal(): Promise<void> {
    const { server } = this.world;
    server.loses = () => false;
    server.start();
    for (const { transport } of this.#nodes) transport.release();
    for (const node of this.#nodes) if (node.timers.isPaused) node.resume("messages");
    await this.world.run(5 * nodeTimeoutMs);
  }

  expectAgreement(): void {
    const sockets = this.#nodes.reduce((sum, { node }) => sum + node.hub.localConnectionCount(), 0);
    for (const channel of channels) {
      const users = new Set<string>();
      let count = 0;
      for (const [, clients] of this.#clients) {
        for (const [key, client] of clients) {
          if (!client.session.subscriptions.has(channel)) continue;
          count += 1;
          users.add(key.slice(channel.length + 1));
        }
      }
      for (const { node } of this.#nodes) {
        const watchers = watched.includes(channel) ? this.#nodes.length : 0;
        expect(node.hub.channel(channel).subscriptionCount).toBe(count + watchers);
        expect(node.hub.connectionCount()).toBe(sockets);
        if (channel === "a") continue;
        const members = new Set(node.hub.members(channel).map(({ userId }) => String(userId)));
        expect(members).toEqual(new Set([...users, ...(watchers > 0 ? ["watcher"] : [])]));
      }
    }
    expect(this.world.leaders()).toHaveLength(1);
  }

  expectNothingTwice(): void {
    for (const client of this.#watched) {
      const told = client
        .take()
        .map((text) => JSON.parse(text) as { event: string; channel: string; data: string })
        .filter(({ event }) => event.startsWith("pusher_internal:member_"))
        .map(({ event, channel, data }) => {
          const { user_id: userId } = JSON.parse(data) as { user_id: string };
          return [`${channel} ${userId}`, event.endsWith("added")] as const;
        });
      expectTurns(told);
    }
    for (const { node } of this.world.nodes) {
      const told = node.takeOccurrences().map((each) => {
        const key = "userId" in each ? `${each.channel} ${each.userId}` : each.channel;
        return [key, each.name === "channel_occupied" || each.name === "member_added"] as const;
      });
      expectTurns(told);
    }
  }

  /** A client that is there all the time. */
  #watch(node: WorldNode): void {
    this.#clients.set(node, new Map());
    const client = node.node.connect();
    for (const channel of watched) client.subscribe(channel, channel === "a" ? undefined : member("watcher"));
    client.take();
    this.#watched.push(client);
  }

  #move(node: WorldNode, channel: string, userId: string): void {
    if (node.timers.isPaused) return;
    const clients = this.#clients.get(node);
    const key = `${channel} ${userId}`;
    const client = clients?.get(key);
    if (client) {
      clients?.delete(key);
      client.session.closed();
    } else {
      const data = channel === "a" ? undefined : member(userId);
      clients?.set(key, node.node.connect().subscribe(channel, data));
    }
  }

  async #replace(index: number): Promise<void> {
    const gone = this.#nodes[index];
    if (gone) this.#clients.delete(gone);
    const node = await this.world.add();
    this.#nodes[index] = node;
    this.#watch(node);
  }
}

describe("a distributed cluster", () => {
  it("comes to agree, whatever happened", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), fc.nat(1000), async (steps, seed) => {
        let turn = seed;
        const world = new ClusterWorld({}, (count) => {
          turn = (turn * 31 + 7) % 1009;
          return turn % count;
        });
        const run = new Run(world, await world.addNodes("first", "second", "third"));
        for (const each of steps) await run.take(each);
        await run.heal();
        run.expectAgreement();
        run.expectNothingTwice();
      }),
      { numRuns: 100, interruptAfterTimeLimit: 12_000 },
    );
  });
});
