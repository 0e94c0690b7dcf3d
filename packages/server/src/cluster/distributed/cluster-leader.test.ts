import { describe, expect, it } from "vitest";
import { ClusterWorld, heartbeatMs, nodeTimeoutMs } from "./cluster-world.test.harness.ts";
import { createIdentity } from "./node-identity.ts";
import { leaderTopic } from "./topics.ts";
import { encodeMessage } from "./wire-message.ts";

describe("the node that leads", () => {
  it("raises what happens on any node, once", async () => {
    const world = new ClusterWorld();
    const [first, second, third] = await world.addNodes("first", "second", "third");
    expect(world.leaders()).toEqual([first]);
    const client = second.enter("presence-a", "1");
    await world.settle();
    third.enter("presence-a", "1").session.closed();
    client.session.closed();
    await world.settle();
    expect(world.takeRaised()).toEqual([
      "channel_occupied presence-a",
      "member_added presence-a 1",
      "member_removed presence-a 1",
      "channel_vacated presence-a",
    ]);
  });

  it("is followed by another when it dies, and never led beside it", async () => {
    const world = new ClusterWorld();
    const [first, second, third] = await world.addNodes("first", "second", "third");
    first.enter("presence-a", "1");
    await world.settle();
    world.takeRaised();
    first.kill();
    await world.run(nodeTimeoutMs - heartbeatMs);
    expect(world.leaders()).toEqual([]);
    await world.run(3 * heartbeatMs);
    const [leader] = world.leaders();
    expect([second, third]).toContain(leader);
    expect(leader?.leadership).toEqual([true]);
  });

  it.each(["messages", "timers"] as const)(
    "does not raise once it was paused for longer than its lease, with %s first",
    async (order) => {
      const world = new ClusterWorld();
      const [first, second] = await world.addNodes("first", "second");
      first.pause();
      await world.run(2 * nodeTimeoutMs);
      expect(world.leaders()).toEqual([second]);
      world.takeRaised();
      second.enter("presence-a", "1");
      await world.settle();
      first.resume(order);
      await world.run(3 * nodeTimeoutMs);
      expect(world.takeRaised()).toEqual(["channel_occupied presence-a", "member_added presence-a 1"]);
      expect(first.leadership).toEqual([true, false]);
      expect(world.leaders()).toEqual([second]);
    },
  );

  it("leads no longer as soon as its connection is lost, and again when nobody else does", async () => {
    const world = new ClusterWorld();
    const [first] = await world.addNodes("first");
    world.server.stop();
    expect(first.adapter.leads).toBe(false);
    world.server.start();
    await world.run(4 * heartbeatMs);
    expect(first.leadership).toEqual([true, false, true]);
  });

  it("does not lead again before it knows what it missed", async () => {
    const world = new ClusterWorld();
    const [first, second] = await world.addNodes("first", "second");
    world.server.stop();
    second.enter("presence-a", "1");
    await world.settle();
    world.lose("snapshot-portion", first);
    world.lose("snapshot-portion", second, 3);
    world.server.start();
    await world.run(12 * heartbeatMs);
    expect(world.leaders()).toHaveLength(1);
    expect(first.members("presence-a")).toEqual(["1"]);
    // What it learnt before it led was not seen to happen while it led.
    expect(world.takeRaised()).toEqual([]);
  });

  it("leads no longer once it hears that it was given up", async () => {
    const world = new ClusterWorld();
    const [first, second] = await world.addNodes("first", "second");
    world.server.loses = (to, { from }) => to === second.transport && from === first.transport;
    await world.run(nodeTimeoutMs + 2 * heartbeatMs);
    expect(world.leaders()).toEqual([first]);
    world.server.loses = () => false;
    await world.run(2 * heartbeatMs);
    expect(first.leadership).toEqual([true, false]);
    expect(world.leaders()).toEqual([second]);
  });

  it("gives the lead to another when it stops", async () => {
    const world = new ClusterWorld();
    const [first, second] = await world.addNodes("first", "second");
    await first.adapter.stop();
    await world.run(heartbeatMs);
    expect(first.leadership).toEqual([true, false]);
    expect(world.leaders()).toEqual([second]);
  });

  it("stops when another holds the lease", async () => {
    const world = new ClusterWorld();
    const [first] = await world.addNodes("first");
    world.server.leases.set("leader", { owner: "another", untilMs: Number.POSITIVE_INFINITY });
    await world.run(heartbeatMs);
    expect(first.leadership).toEqual([true, false]);
  });

  it("alone is told of cache misses", async () => {
    const world = new ClusterWorld();
    const [, second] = await world.addNodes("first", "second");
    const message = { type: "cache-miss", appId: second.node.hub.app.id, channel: "cache-a" } as const;
    second.adapter.received(leaderTopic, encodeMessage(createIdentity(), message));
    expect(world.takeRaised()).toEqual([]);
  });

  it("raises a cache miss that others see, unless there is an event by now", async () => {
    const world = new ClusterWorld();
    const [first, second, third] = await world.addNodes("first", "second", "third");
    second.node.connect().subscribe("cache-a");
    third.node.connect().subscribe("cache-a");
    second.node.connect().subscribe("cache-b");
    first.node.hub.publish({ name: "e", channel: "cache-b", data: "" });
    await world.settle();
    expect(world.takeRaised().filter((each) => each.startsWith("cache_miss"))).toEqual([
      "cache_miss cache-a",
    ]);
  });
});
