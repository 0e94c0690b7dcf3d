/** Redis is there and says no: it has no memory left, or it does not know the password. */
import { describe, expect, inject, it, onTestFinished, vi } from "vitest";
import { startRedisServer } from "../support/redis-server.ts";
import { startRedis } from "./backends.ts";
import { ChaosCluster, patient } from "./chaos-cluster.ts";
import { survivals } from "./survivals.ts";
import { Visitor } from "./visitor.ts";

vi.setConfig({ testTimeout: 120_000 });

const room = "presence-room";

describe("Redis without memory", () => {
  it(survivals.redisFull.title, async () => {
    const backend = await startRedis();
    const cluster = await ChaosCluster.start({ backend, size: 2 });
    const [one, two] = cluster.nodes;
    const anna = await Visitor.connect(one!);
    await anna.join(room, "anna");
    await cluster.see(room, ["anna"]);
    const before = { [room]: "+", [`${room}/anna`]: "+" };
    await cluster.told(before);

    await backend.configure("maxmemory", "1");
    const ben = await Visitor.connect(two!);
    await ben.join(room, "ben");
    await ben.join("news");
    await cluster.see(room, ["anna", "ben"]);
    await one!.publisher.trigger("news", "headline", "still here");
    await vi.waitFor(() => expect(ben.receivedOn("news")).toEqual(["still here"]), patient);
    await vi.waitFor(() => {
      const failures = cluster.nodes.flatMap((node) => node.listFailures());
      expect(failures).toContain("cluster-redis-lease-refused");
    }, patient);
    expect(cluster.listEdges()).toEqual(before);

    const freedAtMs = performance.now();
    await backend.configure("maxmemory", "0");
    await cluster.told({ ...before, news: "+", [`${room}/ben`]: "+" });
    expect(performance.now() - freedAtMs).toBeLessThan(survivals.redisFull.bounds.toldMs);
    await cluster.settle();
    for (const visitor of [anna, ben])
      expect([visitor.closeCode, visitor.contradictions]).toEqual([undefined, []]);
  });
});

describe("a password that Redis does not know", () => {
  it(survivals.wrongPassword.title, async () => {
    const server = await startRedisServer(inject("redisServer"), { password: "not-yet" });
    onTestFinished(() => server.stop());
    const settings = { driver: "redis", redis: { url: `redis://:right-word@${server.address}` } } as const;
    const cluster = new ChaosCluster({
      backend: { settingsAt: () => settings, countQueued: () => Promise.resolve(0) },
    });
    const [one, two] = await Promise.all([cluster.startNode(), cluster.startNode()]);
    cluster.nodes.push(one, two);
    const [anna, ben] = await Promise.all([one, two].map((node) => Visitor.connect(node)));
    await anna!.join(room, "anna");
    await ben!.join(room, "ben");
    await one.publisher.trigger(room, "headline", "here only");
    await vi.waitFor(() => expect(anna!.receivedOn(room)).toEqual(["here only"]), patient);
    for (const node of cluster.nodes) {
      await node.printed("cluster-redis-credentials-refused");
      expect(node.output).not.toContain("right-word");
    }
    expect(anna!.membersOf(room)).toEqual(["anna"]);

    const mendedAtMs = performance.now();
    await server.command("ACL", "SETUSER", "default", ">right-word");
    await vi.waitFor(() => {
      for (const visitor of [anna!, ben!]) expect(visitor.membersOf(room)).toEqual(["anna", "ben"]);
    }, patient);
    await cluster.settle();
    expect(performance.now() - mendedAtMs).toBeLessThan(survivals.wrongPassword.bounds.joinedMs);
    expect(ben!.receivedOn(room)).toEqual([]);
    await cluster.told({ [room]: "+", [`${room}/anna`]: "+", [`${room}/ben`]: "+" });
  });
});
