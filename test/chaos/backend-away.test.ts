/** The server between the nodes dies and comes back with nothing, or says nothing for a while. */
import { describe, expect, it, vi } from "vitest";
import { type Backend, startNats, startRedis } from "./backends.ts";
import { ChaosCluster, isFull, patient } from "./chaos-cluster.ts";
import { survivals } from "./survivals.ts";
import { Visitor } from "./visitor.ts";

vi.setConfig({ testTimeout: 120_000 });

const room = "presence-room";
/** Longer than it takes to notice that nothing comes back. */
const silenceMs = isFull ? 10_000 : 5000;

interface Outage {
  begin(backend: Backend): Promise<void> | void;
  end(backend: Backend): Promise<void> | void;
}

const death: Outage = { begin: (backend) => backend.kill(), end: (backend) => backend.restartEmpty() };
const silence: Outage = {
  async begin(backend) {
    await backend.pause();
    await new Promise((resolve) => setTimeout(resolve, silenceMs));
  },
  end: (backend) => backend.resume(),
};

/** What members of the room see and do while there is nothing between the nodes, and after. */
async function outlive(outage: Outage, backend: Backend, backMs: number): Promise<ChaosCluster> {
  const cluster = await ChaosCluster.start({ backend, size: 2 });
  cluster.nodes.push(await cluster.startNode({ readyWithoutBackend: false }));
  await cluster.settle();
  const [one, two, strict] = cluster.nodes as [
    ChaosCluster["nodes"][0],
    ChaosCluster["nodes"][0],
    ChaosCluster["nodes"][0],
  ];
  const present: string[] = [];
  const enter = async (node: typeof one, name: string): Promise<Visitor> => {
    const visitor = await Visitor.connect(node);
    await visitor.join(room, name);
    await visitor.join("news");
    present.push(name);
    return visitor;
  };
  const anna = await enter(one, "anna");
  await cluster.see(room, present);
  const ben = await enter(two, "ben");
  await cluster.see(room, present);
  const carla = await enter(strict, "carla");
  await cluster.see(room, present);
  const before = {
    [room]: "+",
    news: "+",
    [`${room}/anna`]: "+",
    [`${room}/ben`]: "+",
    [`${room}/carla`]: "+",
  };
  await cluster.told(before);
  const seen = [anna, ben, carla].map((visitor) => visitor.changesOf(room).length);

  await outage.begin(backend);
  for (const node of cluster.nodes) await node.printed("cluster-backend-lost");
  expect(await Promise.all(cluster.nodes.map((node) => node.readReadiness()))).toEqual([200, 200, 503]);
  await one.publisher.trigger("news", "headline", "here only");
  await vi.waitFor(() => expect(anna.receivedOn("news")).toEqual(["here only"]), patient);
  const dora = await Visitor.connect(one);
  await dora.join(room, "dora");
  await vi.waitFor(() => expect(anna.membersOf(room)).toEqual(["anna", "ben", "carla", "dora"]), patient);
  ben.close();
  await vi.waitFor(async () => {
    expect(await two.ask(`/channels/${room}/users`)).toEqual({ users: [{ id: "anna" }, { id: "carla" }] });
  }, patient);

  const endedAtMs = performance.now();
  await outage.end(backend);
  await cluster.see(room, ["anna", "carla", "dora"]);
  await cluster.settle();
  expect(performance.now() - endedAtMs).toBeLessThan(backMs);
  await cluster.told({ ...before, [`${room}/ben`]: "+-", [`${room}/dora`]: "+" });
  expect(await strict.readReadiness()).toBe(200);
  await one.publisher.trigger("news", "headline", "everywhere");
  await vi.waitFor(() => expect(carla.receivedOn("news")).toEqual(["everywhere"]), patient);
  const changes = [anna, carla].map((visitor, index) =>
    visitor
      .changesOf(room)
      .slice(seen[index * 2])
      .toSorted(),
  );
  expect(changes).toEqual([
    ["+dora", "-ben"],
    ["+dora", "-ben"],
  ]);
  for (const { closeCode, contradictions } of [anna, carla, dora]) {
    expect([closeCode, contradictions]).toEqual([undefined, []]);
  }
  for (const node of cluster.nodes) {
    expect(node.isRunning).toBe(true);
    expect(node.listFailures()).not.toContain("cluster-node-lost");
  }
  return cluster;
}

describe.each([
  { by: "Redis", startBackend: startRedis },
  { by: "NATS", startBackend: startNats },
])("$by", ({ startBackend }) => {
  it(survivals.backendKilled.title, async () => {
    await outlive(death, await startBackend(), survivals.backendKilled.bounds.backMs);
  });

  it(survivals.backendSilent.title, async () => {
    await outlive(silence, await startBackend(), survivals.backendSilent.bounds.backMs);
  });
});
