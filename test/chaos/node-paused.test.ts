/** A node that stands still for longer than the others wait, and goes on: as a suspended machine does, or a stopped container. */
import { describe, expect, it, vi } from "vitest";
import { startNats, startRedis } from "./backends.ts";
import { ChaosCluster, nodeTimeoutMs, patient } from "./chaos-cluster.ts";
import { survivals } from "./survivals.ts";
import { Visitor } from "./visitor.ts";

vi.setConfig({ testTimeout: 120_000 });

describe("SIGSTOP, and SIGCONT after the node timeout", () => {
  it.each([
    { paused: "the node that leads", by: "Redis", startBackend: startRedis },
    { paused: "another node", by: "Redis", startBackend: startRedis },
    { paused: "the node that leads", by: "NATS", startBackend: startNats },
    { paused: "another node", by: "NATS", startBackend: startNats },
  ])(`${survivals.nodePaused.title} ($paused, over $by)`, async ({ paused, startBackend }) => {
    const { goneMs, backMs } = survivals.nodePaused.bounds;
    const cluster = await ChaosCluster.start({ backend: await startBackend(), size: 3 });
    const leader = await cluster.findLeader();
    const asleep = cluster.nodes.find((node) => (node === leader) === (paused === "the node that leads"))!;
    const [one, two] = cluster.nodes.filter((node) => node !== asleep);
    const [anna, ben, carla, dora] = await Promise.all(
      [one!, two!, asleep, asleep].map((node) => Visitor.connect(node)),
    );
    const present: string[] = [];
    for (const [visitor, name] of [
      [anna, "anna"],
      [ben, "ben"],
      [carla, "carla"],
      [dora, "dora"],
    ] as const) {
      await visitor!.join("presence-room", name);
      present.push(name);
      await cluster.see("presence-room", present);
    }
    await dora!.join("only-there");
    await cluster.told({
      "presence-room": "+",
      "presence-room/anna": "+",
      "presence-room/ben": "+",
      "presence-room/carla": "+",
      "presence-room/dora": "+",
      "only-there": "+",
    });

    const pausedAtMs = performance.now();
    asleep.pause();
    await vi.waitFor(() => {
      for (const visitor of [anna!, ben!])
        expect(visitor.membersOf("presence-room")).toEqual(["anna", "ben"]);
    }, patient);
    expect(performance.now() - pausedAtMs).toBeLessThan(nodeTimeoutMs + goneMs);
    const gone = {
      "presence-room": "+",
      "presence-room/anna": "+",
      "presence-room/ben": "+",
      "presence-room/carla": "+-",
      "presence-room/dora": "+-",
      "only-there": "+-",
    };
    await cluster.told(gone);
    // What happens meanwhile has to be learnt by the one that sleeps, and what happens there by the others.
    ben!.close();
    const emil = await Visitor.connect(one!);
    await emil.join("presence-room", "emil");
    dora!.close();
    await cluster.told({ ...gone, "presence-room/ben": "+-", "presence-room/emil": "+" });

    const resumedAtMs = performance.now();
    asleep.resume();
    const members = ["anna", "carla", "emil"];
    await vi.waitFor(() => {
      for (const visitor of [anna!, emil, carla!])
        expect(visitor.membersOf("presence-room")).toEqual(members);
    }, patient);
    expect(performance.now() - resumedAtMs).toBeLessThan(backMs);
    await cluster.settle();
    await cluster.see("presence-room", members);
    for (const node of cluster.nodes) {
      expect(await node.ask("/channels")).toEqual({ channels: { "presence-room": {} } });
    }
    await cluster.told({
      ...gone,
      "presence-room/ben": "+-",
      "presence-room/carla": "+-+",
      "presence-room/emil": "+",
    });
    for (const visitor of [anna!, emil, carla!]) expect(visitor.contradictions).toEqual([]);
    expect(carla!.closeCode).toBeUndefined();
    expect(carla!.changesOf("presence-room").toSorted()).toEqual(["+dora", "+emil", "-ben", "-dora"]);
    expect(asleep.listFailures()).toContain("cluster-node-paused");
    for (const node of [one!, two!]) {
      expect(node.listFailures().filter((name) => name === "cluster-node-lost")).toHaveLength(1);
    }
  });
});
