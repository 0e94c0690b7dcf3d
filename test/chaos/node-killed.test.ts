/** A node dies with thousands of members: what the others see of it, what webhooks tell, and what it costs those who survive. */
import { describe, expect, it, vi } from "vitest";
import { startNats, startRedis } from "./backends.ts";
import { ChaosCluster, isFull, nodeTimeoutMs, patient } from "./chaos-cluster.ts";
import { type CrowdSize, gatherCrowd } from "./member-crowd.ts";
import { survivals } from "./survivals.ts";
import { Visitor } from "./visitor.ts";

vi.setConfig({ testTimeout: 120_000 });

const crowd: CrowdSize = isFull
  ? { connections: 5000, channelsEach: 1, channels: 100 }
  : { connections: 500, channelsEach: 10, channels: 100 };
const groups = crowd.channels / crowd.channelsEach;
const membersEach = crowd.connections / groups;
const channels = Array.from({ length: crowd.channels }, (_, index) => `presence-crowd-${index}`);

/** What webhooks have told when everything else has gone. */
function listExpectedEdges(): Record<string, string> {
  const edges: Record<string, string> = {};
  for (let group = 0; group < groups; group++) edges[`crowd-${group}`] = "+-";
  for (const [index, channel] of channels.entries()) {
    edges[channel] = "+";
    edges[`${channel}/watcher`] = "+";
    const group = Math.floor(index / crowd.channelsEach);
    for (let member = group; member < crowd.connections; member += groups)
      edges[`${channel}/member-${member}`] = "+-";
  }
  return edges;
}

describe("kill -9", () => {
  it.each([
    { dies: "the node that leads", by: "Redis", startBackend: startRedis },
    { dies: "another node", by: "NATS", startBackend: startNats },
    ...(isFull
      ? [
          { dies: "another node", by: "Redis", startBackend: startRedis },
          { dies: "the node that leads", by: "NATS", startBackend: startNats },
        ]
      : []),
  ])(`${survivals.nodeKilled.title} ($dies, over $by)`, async ({ dies, startBackend }) => {
    const { goneMs, heldMs } = survivals.nodeKilled.bounds;
    const cluster = await ChaosCluster.start({ backend: await startBackend(), size: 2 });
    const leader = await cluster.findLeader();
    const dying = cluster.nodes.find((node) => (node === leader) === (dies === "the node that leads"))!;
    const survivor = cluster.nodes.find((node) => node !== dying)!;
    const watcher = await Visitor.connect(survivor);
    for (const channel of channels) await watcher.join(channel, "watcher");
    const before = await survivor.readFigures();

    await gatherCrowd(dying, crowd);
    const countMembers = (): number =>
      channels.reduce((count, channel) => count + watcher.membersOf(channel).length, 0);
    const all = channels.length * (membersEach + 1);
    await vi.waitFor(() => expect(countMembers()).toBe(all), patient);
    const told = groups + channels.length + all;
    await vi.waitFor(() => expect(cluster.hooks.events.length).toBe(told), patient);
    await survivor.readFigures();

    const killedAtMs = performance.now();
    await dying.kill();
    await vi.waitFor(() => expect(countMembers()).toBe(channels.length), patient);
    expect(performance.now() - killedAtMs).toBeLessThan(nodeTimeoutMs + goneMs);
    await cluster.told(listExpectedEdges());
    const after = await survivor.readFigures();
    expect(after.heldMs).toBeLessThan(heldMs);
    expect(after.heapBytes).toBeLessThan(before.heapBytes + 8_000_000);
    expect(watcher.contradictions).toEqual([]);
    for (const channel of channels) expect(watcher.changesOf(channel)).toHaveLength(2 * membersEach);
    const answer = await survivor.ask("/channels", { filter_by_prefix: "presence-", info: "user_count" });
    expect(answer).toEqual({
      channels: Object.fromEntries(channels.map((channel) => [channel, { user_count: 1 }])),
    });
    expect(survivor.listFailures()).toContain("cluster-node-lost");
  });
});
