import { describe, expect, it } from "vitest";
import { ClusterWorld, heartbeatMs, nodeTimeoutMs } from "./cluster-world.test.harness.ts";
import type { StateChange } from "../state-change.ts";
import { createIdentity } from "./node-identity.ts";
import { stateTopic } from "./topics.ts";
import { encodeMessage, type WireMessage } from "./wire-message.ts";

const added = "pusher_internal:member_added";
const removed = "pusher_internal:member_removed";

describe("a node that dies", () => {
  it("is taken for dead after the node timeout, and told once", async () => {
    const world = new ClusterWorld();
    const [first, second, third] = await world.addNodes("first", "second", "third");
    const watcher = first.enter("presence-a", "w");
    third.enter("presence-a", "1");
    await world.settle();
    watcher.take();
    third.kill();
    await world.run(nodeTimeoutMs - heartbeatMs);
    expect(watcher.takeEvents()).toEqual([]);
    await world.run(2 * heartbeatMs);
    expect(watcher.takeEvents()).toEqual([removed]);
    for (const each of [first, second]) expect(each.takeReports()).toEqual(["cluster-node-lost"]);
  });

  it("is not heard any more under its former id once it lives again", async () => {
    const world = new ClusterWorld();
    const [first] = await world.addNodes("first");
    const { instance } = createIdentity();
    const say = (life: number, message: WireMessage): void =>
      first.adapter.received(stateTopic, encodeMessage({ instance, life }, message));
    say(2, { type: "heartbeat", sequence: 0 });
    const changes: StateChange[] = [{ type: "subscriptions", channel: "late", count: 1 }];
    say(1, { type: "changes", sequence: 1, appId: first.node.hub.app.id, changes });
    say(1, { type: "left" });
    expect(first.node.hub.channels().size).toBe(0);
    expect(first.adapter.describePeers().map(({ nodeId }) => nodeId)).toEqual([`${instance}-2`]);
  });

  it("is one of a thousand at most", async () => {
    const world = new ClusterWorld();
    const [first] = await world.addNodes("first");
    for (let each = 0; each < 1100; each++) {
      first.adapter.received(stateTopic, encodeMessage(createIdentity(), { type: "heartbeat", sequence: 0 }));
    }
    expect(first.adapter.describePeers()).toHaveLength(1000);
  });

  it("and says so is gone at once", async () => {
    const world = new ClusterWorld();
    const [first, second] = await world.addNodes("first", "second");
    second.enter("presence-a", "1");
    await world.settle();
    await second.adapter.stop();
    await world.settle();
    expect(first.node.hub.channels().size).toBe(0);
    expect(first.takeReports()).toEqual([]);
    expect(first.adapter.describePeers()).toEqual([]);
    await first.adapter.stop();
    expect(world.clock.pending).toBe(0);
  });
});

describe("a process that is paused", () => {
  it.each(["messages", "timers"] as const)(
    "longer than the node timeout comes back under a new id, with %s first, and its members once",
    async (order) => {
      const world = new ClusterWorld();
      const [first, second] = await world.addNodes("first", "second");
      const watcher = first.enter("presence-a", "w");
      const own = second.enter("presence-a", "1");
      await world.settle();
      watcher.take();
      own.take();
      const before = second.adapter.nodeId;
      second.pause();
      await world.run(2 * nodeTimeoutMs);
      expect(watcher.takeEvents()).toEqual([removed]);
      second.resume(order);
      await world.run(2 * heartbeatMs);
      expect(second.adapter.nodeId).not.toBe(before);
      expect(second.takeReports()).toEqual(["cluster-node-paused"]);
      expect(watcher.takeEvents()).toEqual([added]);
      for (const each of [first, second]) expect(each.members("presence-a")).toEqual(["1", "w"]);
      expect(own.take()).toEqual([]);
      own.session.closed();
      await world.run(3 * nodeTimeoutMs);
      expect(first.members("presence-a")).toEqual(["w"]);
      expect(first.node.hub.connectionCount()).toBe(1);
      expect(second.adapter.nodeId.endsWith("-2")).toBe(true);
    },
  );

  it("longer than the node timeout shows nobody those who left it meanwhile, whom it has yet to miss", async () => {
    const world = new ClusterWorld();
    const [first, second] = await world.addNodes("first", "second");
    const watcher = first.enter("presence-a", "w");
    const leaver = second.enter("presence-a", "1");
    second.enter("presence-a", "2");
    await world.settle();
    second.pause();
    await world.run(2 * nodeTimeoutMs);
    watcher.take();
    second.resume("timers");
    await world.run(heartbeatMs / 2);
    leaver.session.closed();
    await world.run(3 * heartbeatMs);
    expect(watcher.takeEvents()).toEqual([added]);
    for (const each of [first, second]) expect(each.members("presence-a")).toEqual(["2", "w"]);
  });

  it("for less is not missed, and does not hold it against the others", async () => {
    const world = new ClusterWorld();
    const [first, second] = await world.addNodes("first", "second");
    const watchers = [first, second].map((each, index) => each.enter("presence-a", `${index}`));
    await world.settle();
    for (const watcher of watchers) watcher.take();
    // Just heard by the other, and due to hear of it: with the pause, that is longer than the node timeout.
    while (first.adapter.describePeers()[0]?.silentMs !== 750) await world.run(250);
    first.pause();
    // Nothing that came meanwhile is there to be read first.
    first.transport.swallows = true;
    await world.run(nodeTimeoutMs - 500);
    first.transport.swallows = false;
    first.resume("timers");
    await world.run(3 * nodeTimeoutMs);
    expect(watchers.flatMap((watcher) => watcher.takeEvents())).toEqual([]);
    for (const each of [first, second]) expect(each.takeReports()).toEqual([]);
  });
});

describe("a node that is cut off", () => {
  it("for less than the node timeout keeps its id, and all know what was missed", async () => {
    const world = new ClusterWorld();
    const [first, second] = await world.addNodes("first", "second");
    const watchers = [first, second].map((each, index) => each.enter("presence-a", `${index}`));
    await world.settle();
    for (const watcher of watchers) watcher.take();
    const before = second.adapter.nodeId;
    second.transport.hold();
    first.enter("presence-a", "2");
    const leaver = second.enter("presence-a", "3");
    second.enter("presence-a", "4");
    leaver.session.closed();
    await world.run(nodeTimeoutMs - 2 * heartbeatMs);
    second.transport.release();
    await world.run(2 * heartbeatMs);
    expect(second.adapter.nodeId).toBe(before);
    for (const each of [first, second]) expect(each.members("presence-a")).toEqual(["0", "1", "2", "4"]);
    expect(watchers[0]?.takeEvents()).toEqual([added, added]);
    expect(watchers[1]?.takeEvents()).toEqual([added, added, removed, added]);
    expect(second.takeReports()).toEqual(["cluster-backend-lost"]);
  });

  it("for longer sees nobody leave, and is back under a new id", async () => {
    const world = new ClusterWorld();
    const [first, second] = await world.addNodes("first", "second");
    const watchers = [first, second].map((each, index) => each.enter("presence-a", `${index}`));
    await world.settle();
    for (const watcher of watchers) watcher.take();
    second.transport.hold();
    await world.run(60_000);
    second.transport.release();
    await world.run(3 * heartbeatMs);
    expect(second.takeReports()).toEqual(["cluster-backend-lost", "cluster-declared-dead"]);
    expect(watchers[0]?.takeEvents()).toEqual([removed, added]);
    expect(watchers[1]?.takeEvents()).toEqual([]);
    for (const each of [first, second]) expect(each.members("presence-a")).toEqual(["0", "1"]);
  });

  it("with all others, for a minute, sees nobody leave, nor does anybody else", async () => {
    const world = new ClusterWorld({ channels: { subscriptionCount: true } });
    const nodes = await world.addNodes("first", "second", "third");
    const watchers = nodes.map((each, index) => each.enter("presence-a", `${index}`).subscribe("b"));
    const leaver = nodes[2].enter("presence-a", "leaver");
    await world.settle();
    for (const watcher of watchers) watcher.take();
    const ids = nodes.map(({ adapter }) => adapter.nodeId);
    world.server.stop();
    await world.run(60_000);
    leaver.session.closed();
    expect(watchers.map((watcher) => watcher.takeEvents())).toEqual([[], [], [removed]]);
    world.server.start();
    await world.run(3 * nodeTimeoutMs);
    expect(watchers.map((watcher) => watcher.takeEvents())).toEqual([[removed], [removed], []]);
    expect(nodes.map(({ adapter }) => adapter.nodeId)).toEqual(ids);
    for (const each of nodes) {
      expect(each.takeReports()).toEqual(["cluster-backend-lost"]);
      expect(each.members("presence-a")).toEqual(["0", "1", "2"]);
    }
  });

  it("by a server that is started anew misses nothing", async () => {
    const world = new ClusterWorld();
    const [first, second] = await world.addNodes("first", "second");
    world.server.stop();
    second.enter("presence-a", "1");
    second.node.hub.publish({ name: "e", channel: "cache-a", data: "1" });
    await world.settle();
    world.server.start();
    await world.run(2 * heartbeatMs);
    expect(first.members("presence-a")).toEqual(["1"]);
    expect(first.node.hub.cachedEvent("cache-a")?.data).toBe("1");
  });

  it("from one other only, each of which takes the other for dead, is back with it", async () => {
    const world = new ClusterWorld();
    const [first, second, third] = await world.addNodes("first", "second", "third");
    const nodes = [first, second, third];
    const watchers = nodes.map((each, index) => each.enter("presence-a", `${index}`));
    await world.settle();
    for (const watcher of watchers) watcher.take();
    world.server.loses = (to, { from }) =>
      (to === first.transport && from === second.transport) ||
      (to === second.transport && from === first.transport);
    await world.run(2 * nodeTimeoutMs);
    expect(first.members("presence-a")).toEqual(["0", "2"]);
    expect(second.members("presence-a")).toEqual(["1", "2"]);
    expect(third.members("presence-a")).toEqual(["0", "1", "2"]);
    world.server.loses = () => false;
    await world.run(5 * heartbeatMs);
    for (const each of nodes) {
      expect(each.members("presence-a")).toEqual(["0", "1", "2"]);
      expect(each.node.hub.connectionCount()).toBe(3);
    }
    expect(watchers[2]?.take()).toEqual([]);
    // Nobody goes on dying.
    const ids = nodes.map(({ adapter }) => adapter.nodeId);
    await world.run(3 * nodeTimeoutMs);
    expect(nodes.map(({ adapter }) => adapter.nodeId)).toEqual(ids);
  });

  it("while the connection looks open makes another", async () => {
    const world = new ClusterWorld();
    const [first, second] = await world.addNodes("first", "second");
    const watcher = first.enter("presence-a", "w");
    await world.settle();
    second.transport.swallows = true;
    second.enter("presence-a", "1");
    await world.run(5 * heartbeatMs);
    expect(second.transport.reconnects).toBe(1);
    expect(second.takeReports()).toEqual(["cluster-connection-stalled", "cluster-backend-lost"]);
    await world.run(heartbeatMs);
    expect(watcher.takeEvents()).toEqual([added]);
    expect(second.members("presence-a")).toEqual(["1", "w"]);
  });
});

describe("a node that comes back under a new id", () => {
  it("is not missed by those who had not given it up", async () => {
    const world = new ClusterWorld({ channels: { subscriptionCount: true } });
    const [first, second, third] = await world.addNodes("first", "second", "third");
    const watcher = third.enter("presence-a", "w").subscribe("b");
    second.enter("presence-a", "1").subscribe("b");
    await world.settle();
    watcher.take();
    // Only the first does not hear the second.
    world.server.loses = (to, { from }) => to === first.transport && from === second.transport;
    await world.run(nodeTimeoutMs + 2 * heartbeatMs);
    world.server.loses = () => false;
    await world.run(3 * heartbeatMs);
    expect(second.adapter.nodeId.endsWith("-2")).toBe(true);
    expect(first.members("presence-a")).toEqual(["1", "w"]);
    expect(watcher.take()).toEqual([]);
  });
});
