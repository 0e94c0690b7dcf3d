/** The master dies under load, where Sentinels or a Redis Cluster put another in its place. */
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, inject, it, onTestFinished, vi } from "vitest";
import { type RedisServer, startRedisCluster, startRedisSentinels } from "../support/redis-server.ts";
import type { BackendSettings } from "./backends.ts";
import { ChaosCluster, patient } from "./chaos-cluster.ts";
import { survivals } from "./survivals.ts";
import { Visitor } from "./visitor.ts";

vi.setConfig({ testTimeout: 120_000 });

const room = "presence-room";

interface Deployment {
  readonly settings: BackendSettings;
  /** Any of which may be the one that nodes use. */
  readonly masters: readonly RedisServer[];
}

async function startSentinels(): Promise<Deployment> {
  const sentinels = await startRedisSentinels(inject("redisServer"));
  onTestFinished(() => sentinels.stop());
  const { servers, addresses, name } = sentinels;
  const settings = { driver: "redis", redis: { sentinel: { nodes: addresses, name } } } as const;
  return { settings, masters: servers.slice(0, 1) };
}

async function startRedisClusterOfSix(): Promise<Deployment> {
  const six = await startRedisCluster(inject("redisServer"), { replicas: true });
  onTestFinished(() => six.stop());
  const { masters, addresses } = six;
  return { settings: { driver: "redis", redis: { cluster: { nodes: addresses } } }, masters };
}

/** The one through which the nodes' messages go. */
async function findUsed(masters: readonly RedisServer[]): Promise<RedisServer> {
  const clients = await Promise.all(masters.map((master) => master.command("CLIENT", "LIST")));
  return masters.find((_, index) => String(clients[index]).includes("name=antiphon-cluster-subscriptions"))!;
}

describe.each([
  { by: "Sentinels", start: startSentinels },
  { by: "a Redis Cluster", start: startRedisClusterOfSix },
])("the master dies under $by", ({ start }) => {
  it(survivals.masterKilled.title, async () => {
    const { settings, masters } = await start();
    const cluster = await ChaosCluster.start({
      // Which server has the queue changes; that all was told says enough here.
      backend: { settingsAt: () => settings, countQueued: () => Promise.resolve(0) },
      size: 2,
    });
    const [one, two] = cluster.nodes;
    const anna = await Visitor.connect(one!);
    await anna.join(room, "anna");
    await cluster.see(room, ["anna"]);
    const ben = await Visitor.connect(two!);
    await ben.join(room, "ben");
    await ben.join("ticks");
    await anna.join("ticks");
    await cluster.see(room, ["anna", "ben"]);
    const before = { ticks: "+", [room]: "+", [`${room}/anna`]: "+", [`${room}/ben`]: "+" };
    await cluster.told(before);

    const master = await findUsed(masters);
    let published = 0;
    const publish = async (): Promise<void> => {
      await one!.publisher.trigger("ticks", "tick", String(++published));
      await delay(20);
    };
    while (ben.receivedOn("ticks").length === 0) await publish();
    const killedAtMs = performance.now();
    await master.kill();
    for (const node of cluster.nodes) {
      while (!node.listFailures().includes("cluster-backend-lost")) await publish();
    }
    const atOutage = ben.receivedOn("ticks").length;
    while (ben.receivedOn("ticks").length === atOutage) await publish();
    expect(performance.now() - killedAtMs).toBeLessThan(survivals.masterKilled.bounds.backMs);
    await cluster.settle();
    const dora = await Visitor.connect(two!);
    await dora.join(room, "dora");
    await vi.waitFor(() => expect(anna.membersOf(room)).toEqual(["anna", "ben", "dora"]), patient);
    await cluster.told({ ...before, [`${room}/dora`]: "+" });

    expect(anna.changesOf(room)).toEqual(["+ben", "+dora"]);
    const numbers = Array.from({ length: published }, (_, index) => String(index + 1));
    expect(anna.receivedOn("ticks")).toEqual(numbers);
    // In order and once each, but for those of the outage.
    const received = ben.receivedOn("ticks");
    expect(received).toEqual(numbers.filter((number) => received.includes(number)));
    for (const node of cluster.nodes) expect(node.isRunning).toBe(true);
    for (const { closeCode, contradictions } of [anna, ben, dora]) {
      expect([closeCode, contradictions]).toEqual([undefined, []]);
    }
  });
});
