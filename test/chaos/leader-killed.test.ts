/** The node that tells webhooks dies while it has something to tell: what was queued, and what it had seen and not queued yet. */
import { describe, expect, it, vi } from "vitest";
import { startNats, startRedis } from "./backends.ts";
import { ChaosCluster, patient } from "./chaos-cluster.ts";
import { survivals } from "./survivals.ts";
import { Visitor } from "./visitor.ts";

vi.setConfig({ testTimeout: 120_000 });

const room = "presence-room";
const leaving = ["news-0", "news-1", "news-2", "news-3"];
const staying = ["news-4", "news-5", "news-6", "news-7"];

function tell(keys: readonly string[], told: string): Record<string, string> {
  return Object.fromEntries(keys.map((key) => [key, told]));
}

describe.each([
  { by: "Redis", startBackend: startRedis },
  { by: "NATS", startBackend: startNats },
])("kill -9 of the node that leads, over $by,", ({ startBackend }) => {
  it(survivals.leaderKilled.title, async () => {
    const { toldMs } = survivals.leaderKilled.bounds;
    const backend = await startBackend();
    const cluster = await ChaosCluster.start({ backend, size: 3, debounceMs: 1000 });
    const first = await cluster.findLeader();
    const others = cluster.nodes.filter((node) => node !== first);
    cluster.hooks.status = 503;
    const dying = await Visitor.connect(first);
    await dying.join("only-there");
    const second = others[1]!;
    const ben = await Visitor.connect(second);
    for (const channel of [...leaving, ...staying]) await ben.join(channel);
    await ben.join(room, "ben");
    await ben.join("presence-later", "ben");
    const comings = 1 + leaving.length + staying.length + 2 * 2;
    await vi.waitFor(async () => expect(await backend.countQueued()).toBe(comings), patient);
    await vi.waitFor(() => expect(cluster.hooks.refused).toBeGreaterThan(0), patient);
    for (const channel of [...leaving, room]) ben.leave(channel);

    // With what it has queued and could not deliver.
    await first.kill();
    await cluster.settle(others);
    expect(cluster.hooks.events).toEqual([]);
    cluster.hooks.status = 200;
    const upAtMs = performance.now();
    const told = {
      ...tell(["only-there", ...leaving, room, `${room}/ben`], "+-"),
      ...tell([...staying, "presence-later", "presence-later/ben"], "+"),
    };
    await cluster.told(told);
    expect(performance.now() - upAtMs).toBeLessThan(toldMs);
    expect(cluster.hooks.about(room).map(({ name }) => name)).toEqual([
      "channel_occupied",
      "member_added",
      "member_removed",
      "channel_vacated",
    ]);

    // With departures that it has seen and waits with, and a channel that it may or may not have seen.
    const leader = await cluster.findLeader(others);
    const last = others.find((node) => node !== leader)!;
    const carla = await Visitor.connect(last);
    await carla.join("brief");
    await cluster.told({ ...told, brief: "+" });
    cluster.hooks.status = 503;
    carla.leave("brief");
    if (leader !== second) for (const channel of [...staying, "presence-later"]) ben.leave(channel);
    await carla.join("at-the-last-moment");
    await leader.kill();
    await cluster.settle([last]);
    cluster.hooks.status = 200;
    await cluster.told({
      ...tell(Object.keys(told), "+-"),
      brief: "+-",
      "at-the-last-moment": "+",
    });
    expect(cluster.hooks.about("presence-later").map(({ name }) => name)).toEqual([
      "channel_occupied",
      "member_added",
      "member_removed",
      "channel_vacated",
    ]);
  });
});
