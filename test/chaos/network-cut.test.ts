/** The way between one node and Redis is cut, in both directions or in one: nothing passes, and nobody is told so. */
import { describe, expect, it, vi } from "vitest";
import { createFaultLink, type Direction, type FaultLink } from "../support/fault-link.ts";
import { startRedis } from "./backends.ts";
import { ChaosCluster, nodeTimeoutMs, patient } from "./chaos-cluster.ts";
import { survivals } from "./survivals.ts";
import { Visitor } from "./visitor.ts";

vi.setConfig({ testTimeout: 120_000 });

const room = "presence-room";
/** What becomes of the ways of four nodes; a fifth has none of it. */
const cuts: readonly ((link: FaultLink) => void)[] = [
  (link) => drop(link, "toServer", "toClient"),
  (link) => drop(link, "toServer"),
  (link) => drop(link, "toClient"),
  (link) => link.halfOpen(),
];

function drop(link: FaultLink, ...directions: readonly Direction[]): void {
  for (const direction of directions) link.set(direction, { kind: "drop" });
}

describe("a network cut between a node and Redis", () => {
  it(survivals.networkCut.title, async () => {
    const { goneMs, backMs } = survivals.networkCut.bounds;
    const backend = await startRedis();
    const links = await Promise.all(cuts.map(() => createFaultLink(backend.port)));
    const cluster = await ChaosCluster.start({
      backend,
      size: 1 + cuts.length,
      portOf: (index) => (index === 0 ? backend.port : links[index - 1]!.port),
    });
    const [connected, ...isolated] = cluster.nodes;
    const visitors: Visitor[] = [];
    const names = ["anna", "ben", "carla", "dora", "emil"];
    for (const [index, node] of cluster.nodes.entries()) {
      const visitor = await Visitor.connect(node);
      await visitor.join(room, names[index]);
      await visitor.join("news");
      visitors.push(visitor);
      await cluster.see(room, names.slice(0, index + 1));
    }
    const [anna, ...others] = visitors;
    const before = Object.fromEntries(
      ["news", room, ...names.map((name) => `${room}/${name}`)].map((key) => [key, "+"]),
    );
    await cluster.told(before);

    const cutAtMs = performance.now();
    for (const [index, cut] of cuts.entries()) cut(links[index]!);
    await vi.waitFor(() => expect(anna!.membersOf(room)).toEqual(["anna"]), patient);
    expect(performance.now() - cutAtMs).toBeLessThan(nodeTimeoutMs + goneMs);
    for (const [index, node] of isolated.entries()) {
      await node.printed("cluster-backend-lost");
      await node.publisher.trigger("news", "headline", `from ${names[index + 1]}`);
    }
    await vi.waitFor(() => {
      for (const [index, visitor] of others.entries()) {
        expect(visitor.receivedOn("news")).toEqual([`from ${names[index + 1]}`]);
        expect(visitor.membersOf(room)).toEqual(names);
      }
    }, patient);
    const gone = Object.fromEntries(names.slice(1).map((name) => [`${room}/${name}`, "+-"]));
    await cluster.told({ ...before, ...gone });

    const healedAtMs = performance.now();
    for (const link of links) {
      // What was lost is lost: connections that were open then are worth nothing.
      link.reset();
      for (const direction of ["toServer", "toClient"] as const) link.set(direction, { kind: "none" });
    }
    await cluster.see(room, names);
    await vi.waitFor(() => expect(anna!.membersOf(room)).toEqual(names), patient);
    expect(performance.now() - healedAtMs).toBeLessThan(backMs);
    await cluster.settle();
    await connected!.publisher.trigger("news", "headline", "to all");
    await vi.waitFor(() => {
      for (const visitor of others) expect(visitor.receivedOn("news").at(-1)).toBe("to all");
    }, patient);
    const back = Object.fromEntries(names.slice(1).map((name) => [`${room}/${name}`, "+-+"]));
    await cluster.told({ ...before, ...back });
    for (const visitor of visitors) {
      expect(visitor.closeCode).toBeUndefined();
      expect(visitor.contradictions).toEqual([]);
    }
    for (const node of isolated) expect(node.isRunning).toBe(true);
  });
});
