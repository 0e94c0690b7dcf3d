/** Every node is replaced by a new one, one after the other, while pages are open and backends publish. */
import { setTimeout as delay } from "node:timers/promises";
import type { PresenceChannel } from "pusher-js";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { PusherJs, pusherJsOptions } from "../support/pusher-js-client.ts";
import { startNats, startRedis } from "./backends.ts";
import { ChaosCluster, isFull, patient } from "./chaos-cluster.ts";
import { type ChaosNode, credentials } from "./chaos-node.ts";
import { survivals } from "./survivals.ts";
import { TcpBalancer } from "./tcp-balancer.ts";
import { Visitor } from "./visitor.ts";

vi.setConfig({ testTimeout: 180_000 });

const room = "presence-room";
const tickEveryMs = 20;
const pageCount = isFull ? 100 : 20;

/** A page with pusher-js, as it came: it gets numbered ticks, and is away now and then. */
class Page {
  /** The ticks of each time for which it was connected. */
  readonly stays: number[][] = [];
  /** How long each absence was. */
  readonly awayMs: number[] = [];
  readonly #pusher: PusherJs;
  readonly #room: PresenceChannel;
  #awaySinceMs: number | undefined;

  constructor(balancer: TcpBalancer, id: string, sign: ChaosNode["publisher"]) {
    this.#pusher = new PusherJs(credentials.key, {
      ...pusherJsOptions(balancer),
      channelAuthorization: {
        endpoint: "",
        transport: "ajax",
        customHandler: ({ socketId, channelName }, answer) =>
          answer(null, sign.authorizeChannel(socketId, channelName, { user_id: id })),
      },
    });
    onTestFinished(() => this.#pusher.disconnect());
    this.#room = this.#pusher.subscribe(room) as PresenceChannel;
    const ticks = this.#pusher.subscribe("ticks");
    ticks.bind("pusher:subscription_succeeded", () => this.#come());
    ticks.bind("tick", ({ number }: { number: number }) => this.stays.at(-1)?.push(number));
    this.#pusher.connection.bind("state_change", ({ previous }: { previous: string }) => {
      if (previous === "connected") this.#awaySinceMs = performance.now();
    });
  }

  get members(): number {
    return this.#room.members.count;
  }

  #come(): void {
    this.stays.push([]);
    if (this.#awaySinceMs !== undefined) this.awayMs.push(performance.now() - this.#awaySinceMs);
    this.#awaySinceMs = undefined;
  }
}

/** Publishes until it is told to stop, through whichever node it is told to. */
class Ticker {
  node: ChaosNode;
  #last = 0;
  #isRunning = true;
  readonly #ended: Promise<void>;

  constructor(node: ChaosNode) {
    this.node = node;
    this.#ended = this.#run();
  }

  /** Resolves with the number of the last tick. */
  async stop(): Promise<number> {
    this.#isRunning = false;
    await this.#ended;
    return this.#last;
  }

  async #run(): Promise<void> {
    while (this.#isRunning) {
      await this.node.publisher.trigger("ticks", "tick", { number: this.#last + 1 });
      this.#last += 1;
      await delay(tickEveryMs);
    }
  }
}

describe.each([
  { by: "Redis", startBackend: startRedis },
  { by: "NATS", startBackend: startNats },
])("a rolling restart of three nodes over $by", ({ startBackend }) => {
  it(survivals.rollingRestart.title, async () => {
    const { awayMs } = survivals.rollingRestart.bounds;
    const settings = { server: { shutdownGraceMs: 300 } };
    const backend = await startBackend();
    const cluster = await ChaosCluster.start({ backend, size: 3, debounceMs: 3000, settings });
    const balancer = await TcpBalancer.start();
    for (const node of cluster.nodes) balancer.add(node.port);
    const names = Array.from({ length: pageCount }, (_, index) => `user-${index}`);
    const pages = names.map((name) => new Page(balancer, name, cluster.nodes[0]!.publisher));
    const everybodySeesAll = (): Promise<void> =>
      vi.waitFor(
        () => expect(pages.map(({ members }) => members)).toEqual(pages.map(() => pageCount)),
        patient,
      );
    await everybodySeesAll();
    const told = Object.fromEntries(
      ["ticks", room, ...names.map((name) => `${room}/${name}`)].map((key) => [key, "+"]),
    );
    await cluster.told(told);

    const ticker = new Ticker(cluster.nodes.at(-1)!);
    onTestFinished(async () => void (await ticker.stop().catch(() => {})));
    let heapBytes: number | undefined;
    for (let index = 0; index < cluster.nodes.length; index++) {
      const leaving = cluster.nodes[index]!;
      ticker.node = cluster.nodes.at(index - 1)!;
      balancer.remove(leaving.port);
      expect(await leaving.stop()).toBe(0);
      cluster.nodes[index] = await cluster.startNode();
      balancer.add(cluster.nodes[index]!.port);
      await cluster.settle();
      await everybodySeesAll();
      heapBytes ??= (await cluster.nodes[0]!.readFigures()).heapBytes;
    }
    const last = await ticker.stop();
    await vi.waitFor(
      () => expect(pages.map(({ stays }) => stays.at(-1)?.at(-1))).toEqual(pages.map(() => last)),
      patient,
    );
    for (const { stays } of pages) {
      for (const ticks of stays) {
        const [first = 0] = ticks;
        expect(ticks).toEqual(ticks.map((_, index) => first + index));
      }
    }
    const longestAwayMs = Math.max(...pages.flatMap((page) => page.awayMs));
    expect(longestAwayMs).toBeLessThan(awayMs);
    expect(pages.flatMap((page) => page.awayMs).length).toBeGreaterThanOrEqual(pageCount);
    // What is told after this has waited for longer than anything before it.
    const passing = await Visitor.connect(cluster.nodes[0]!);
    await passing.join("marker");
    passing.close();
    await cluster.told({ ...told, marker: "+-" });
    expect((await cluster.nodes[0]!.readFigures()).heapBytes).toBeLessThan(heapBytes! + 8_000_000);
    for (const node of cluster.nodes) expect(node.listFailures()).not.toContain("cluster-node-lost");
  });
});
