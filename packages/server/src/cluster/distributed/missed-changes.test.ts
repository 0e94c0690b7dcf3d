import { describe, expect, it } from "vitest";
import { member } from "../../pusher/session.test.harness.ts";
import { ClusterWorld, heartbeatMs, nodeTimeoutMs, typeOf } from "./cluster-world.test.harness.ts";
import { createIdentity } from "./node-identity.ts";
import { inboxTopic, stateTopic } from "./topics.ts";
import { readKind, wireKinds } from "./wire-header.ts";
import { decodeMessage, encodeMessage } from "./wire-message.ts";

describe("a change that was lost on the way", () => {
  it("is noticed with the next one", async () => {
    const world = new ClusterWorld();
    const [first, second] = await world.addNodes("first", "second");
    world.lose("changes", first);
    second.enter("presence-a", "lost");
    await world.settle();
    expect(first.members("presence-a")).toEqual([]);
    second.enter("presence-b", "next");
    await world.settle();
    expect(first.members("presence-a")).toEqual(["lost"]);
  });

  it("is noticed with the next heartbeat", async () => {
    const world = new ClusterWorld();
    const [first, second] = await world.addNodes("first", "second");
    const watcher = first.enter("presence-a", "w");
    const leaver = second.enter("presence-a", "1");
    await world.settle();
    world.lose("changes", first);
    leaver.session.closed();
    await world.settle();
    expect(first.members("presence-a")).toEqual(["1", "w"]);
    await world.run(heartbeatMs);
    expect(first.members("presence-a")).toEqual(["w"]);
    expect(watcher.takeEvents()).toEqual(["pusher_internal:member_added", "pusher_internal:member_removed"]);
  });

  it("brings nobody a leave or a join of those who stayed", async () => {
    const world = new ClusterWorld();
    const [first, second] = await world.addNodes("first", "second");
    const watcher = first.enter("presence-a", "w");
    for (const id of ["1", "2", "3"]) second.enter("presence-a", id);
    await world.settle();
    watcher.take();
    world.lose("changes", first);
    second.enter("presence-a", "4");
    await world.run(heartbeatMs);
    expect(watcher.takeEvents()).toEqual(["pusher_internal:member_added"]);
  });

  it("is found even if the answer is lost too", async () => {
    const world = new ClusterWorld();
    const [first, second] = await world.addNodes("first", "second");
    world.lose("changes", first);
    world.lose("snapshot-portion", first, 2);
    second.enter("presence-a", "1");
    await world.run(10 * heartbeatMs);
    expect(first.members("presence-a")).toEqual(["1"]);
    expect(first.takeReports()).toEqual([]);
  });

  it("is the leaving of a member: whoever leaves the channel last takes the member along", async () => {
    const world = new ClusterWorld();
    const [first, second] = await world.addNodes("first", "second");
    const watcher = first.enter("presence-a", "w");
    for (const room of ["presence-a", "presence-b"]) {
      const leavers = ["1", "2"].map((id) => second.enter(room, id));
      await world.settle();
      world.lose("changes", first);
      leavers[0]?.session.closed();
      await world.settle();
      world.takeRaised();
      leavers[1]?.session.closed();
      await world.settle();
      expect(world.takeRaised().slice(0, 2)).toEqual([
        `member_removed ${room} 2`,
        `member_removed ${room} 1`,
      ]);
    }
    expect(first.members("presence-a")).toEqual(["w"]);
    expect(watcher.takeEvents().slice(-2)).toEqual(Array(2).fill("pusher_internal:member_removed"));
  });

  it("is the coming of a member: what follows of it waits until all is known", async () => {
    const world = new ClusterWorld();
    const [first, second] = await world.addNodes("first", "second");
    first.enter("presence-a", "w");
    await world.settle();
    world.lose("changes", first);
    const [older] = [second.enter("presence-a", "1"), second.enter("presence-a", "1")];
    await world.settle();
    // The next one to be heard shows the user as another connection does, and the answer to what was missed is lost.
    world.lose("snapshot-portion", first);
    older.session.closed();
    await world.settle();
    expect(first.members("presence-a")).toEqual(["w"]);
    await world.run(5 * heartbeatMs);
    expect(first.members("presence-a")).toEqual(["1", "w"]);
  });

  it("is asked for again and again, which is told once, while there is no answer", async () => {
    const world = new ClusterWorld();
    const [first, second] = await world.addNodes("first", "second");
    world.lose("changes", first);
    world.lose("snapshot-request", second, 6);
    second.enter("presence-a", "1");
    await world.run(120 * heartbeatMs);
    expect(first.members("presence-a")).toEqual(["1"]);
    expect(first.takeReports()).toEqual(["cluster-snapshot-unanswered"]);
  });

  it("is an event of a cache channel: it is asked for with the rest", async () => {
    const world = new ClusterWorld();
    const [first, second] = await world.addNodes("first", "second");
    second.node.hub.publish({ name: "e", channel: "cache-old", data: "old" });
    await world.run(60_000);
    world.lose("changes", first);
    second.node.hub.publish({ name: "e", channel: "cache-a", data: "1" });
    await world.run(heartbeatMs);
    expect(first.node.hub.cachedEvent("cache-a")?.data).toBe("1");
  });
});

describe("a snapshot", () => {
  it("of 5,000 members comes in portions, with what changes in between", async () => {
    const members = 5000;
    const rooms = Array.from({ length: 50 }, (_, room) => `presence-${room}`);
    const world = new ClusterWorld();
    const [first] = await world.addNodes("first");
    const clients = Array.from({ length: members }, (_, id) => first.enter(rooms[id % 50] ?? "", `${id}`));
    await world.settle();
    let portions = 0;
    world.server.loses = (_to, { payload }) => {
      if (typeOf(payload) !== "snapshot-portion") return false;
      // One leaves who was told, one who was not, and one comes, between any two portions.
      clients[portions]?.session.closed();
      clients[members - 1 - portions]?.session.closed();
      first.enter("presence-new", `${portions}`);
      portions += 1;
      return false;
    };
    const second = await world.add();
    await world.settle();
    expect(portions).toBeGreaterThan(5);
    const all = [...rooms, "presence-new"];
    const known = all.map((room) => second.members(room));
    expect(known).toEqual(all.map((room) => first.members(room)));
    expect(known.flat()).toHaveLength(members - portions);
  });

  it("of which a portion is lost begins anew, and shows nobody twice or too long", async () => {
    const world = new ClusterWorld();
    const [first, second] = await world.addNodes("first", "second");
    const watcher = second.enter("presence-a", "w");
    const clients = ["1", "2", "3", "4"].map((id) => first.enter("presence-a", id));
    first.occupy(3000);
    await world.settle();
    watcher.take();
    world.lose("changes", second);
    clients[0]?.session.closed();
    await world.settle();
    let portions = 0;
    world.server.loses = (to, { payload }) => {
      if (to !== second.transport || typeOf(payload) !== "snapshot-portion") return false;
      portions += 1;
      if (portions === 1) clients[1]?.session.closed();
      return portions === 2;
    };
    await world.run(5 * heartbeatMs);
    expect(portions).toBe(2 + 4);
    expect(second.members("presence-a")).toEqual(["3", "4", "w"]);
    expect(second.node.hub.channels()).toEqual(first.node.hub.channels());
    expect(watcher.takeEvents()).toEqual(Array(2).fill("pusher_internal:member_removed"));
  });

  it("during which a change is lost is read once more", async () => {
    const world = new ClusterWorld();
    const [first] = await world.addNodes("first");
    const early = first.node.connect().subscribe("early");
    first.occupy(3000);
    await world.settle();
    let portions = 0;
    world.server.loses = (_to, { payload }) => {
      const type = typeOf(payload);
      if (type === "snapshot-portion") {
        portions += 1;
        if (portions === 2) early.session.closed();
      }
      return type === "changes" && portions === 2;
    };
    const second = await world.add();
    expect(second.node.hub.channel("early").occupied).toBe(false);
    expect(second.node.hub.channels()).toEqual(first.node.hub.channels());
  });

  it("of a node that dies meanwhile leaves nothing behind", async () => {
    const world = new ClusterWorld();
    const [first] = await world.addNodes("first");
    first.enter("presence-a", "1");
    first.occupy(3000);
    await world.settle();
    let portions = 0;
    world.server.loses = (_to, { payload }) => {
      if (typeOf(payload) === "snapshot-portion") portions += 1;
      if (portions === 2) first.kill();
      return false;
    };
    const second = await world.add();
    expect(second.node.hub.channel("presence-a").occupied).toBe(true);
    await world.run(nodeTimeoutMs + 2 * heartbeatMs);
    expect(second.node.hub.channels().size).toBe(0);
    expect(second.adapter.describePeers()).toEqual([]);
    expect(second.takeReports()).toEqual(["cluster-node-lost"]);
  });

  it("brings the cached events to nodes that start at the same time, whichever of all they hear first", async () => {
    const world = new ClusterWorld();
    const [first] = await world.addNodes("first");
    first.node.hub.publish({ name: "e", channel: "cache-a", data: "1" });
    await world.run(60_000);
    const late = [world.create(), world.create(), world.create()];
    for (const each of late) void each.start(() => undefined);
    await world.run(5 * heartbeatMs);
    expect(late.map(({ node }) => node.hub.cachedEvent("cache-a")?.data)).toEqual(["1", "1", "1"]);
    // Whoever comes later asks one of them, and no other.
    first.kill();
    await world.run(nodeTimeoutMs + 2 * heartbeatMs);
    const requests: number[] = [];
    world.server.loses = (_to, { payload }) => {
      const message = readKind(payload) === wireKinds.message ? decodeMessage(payload) : undefined;
      if (message?.type === "snapshot-request") requests.push(message.cachedWithinMs);
      return false;
    };
    const last = await world.add();
    expect(last.node.hub.cachedEvent("cache-a")?.data).toBe("1");
    expect(requests.filter((withinMs) => withinMs === Number.MAX_SAFE_INTEGER)).toHaveLength(1);
  });

  it("brings what was cached on nodes that started without each other", async () => {
    const world = new ClusterWorld();
    world.server.stop();
    const nodes = [await world.add(), await world.add(), await world.add()];
    for (const [index, { node }] of nodes.entries()) {
      node.hub.publish({ name: "e", channel: `cache-${index}`, data: "1" });
    }
    await world.run(60_000);
    world.server.start();
    await world.run(5 * heartbeatMs);
    for (const { node } of nodes) {
      expect([0, 1, 2].map((index) => node.hub.cachedEvent(`cache-${index}`)?.data)).toEqual(["1", "1", "1"]);
    }
  });

  it("brings a newcomer the cached events, from another node if the first one dies", async () => {
    const world = new ClusterWorld({ channels: { cacheMaxEntries: 5000 } });
    const [first, second] = await world.addNodes("first", "second");
    for (let index = 0; index < 2500; index++) {
      first.node.hub.publish({ name: "e", channel: `cache-${index}`, data: "" });
    }
    await world.settle();
    let portions = 0;
    const third = world.create();
    world.server.loses = (to, { payload, from }) => {
      if (to !== third.transport || typeOf(payload) !== "snapshot-portion") return false;
      portions += 1;
      if (portions === 3) world.nodes.find(({ transport }) => transport === from)?.kill();
      return portions === 3;
    };
    void third.start(() => undefined);
    await world.run(nodeTimeoutMs + 5 * heartbeatMs);
    expect([first, second].filter(({ timers }) => timers.isPaused)).toHaveLength(1);
    for (let index = 0; index < 2500; index++) {
      expect(third.node.hub.cachedEvent(`cache-${index}`)?.data).toBe("");
    }
  });
});

describe("a change that comes twice", () => {
  it("does not undo what came after it", async () => {
    const world = new ClusterWorld();
    const [first] = await world.addNodes("first");
    const sender = createIdentity();
    const say = (sequence: number, count: number): void => {
      const changes = [{ type: "subscriptions", channel: "a", count } as const];
      const message = { type: "changes", sequence, appId: first.node.hub.app.id, changes } as const;
      first.adapter.received(stateTopic, encodeMessage(sender, message));
    };
    say(1, 1);
    expect(first.node.hub.channel("a").occupied).toBe(true);
    say(2, 0);
    say(1, 1);
    expect(first.node.hub.channel("a").occupied).toBe(false);
  });
});

describe("what was announced in the same turn", () => {
  it("goes before the portion that it is part of", async () => {
    const world = new ClusterWorld();
    const [first, second] = await world.addNodes("first", "second");
    const types: (string | undefined)[] = [];
    world.server.loses = (to, { payload }) => {
      if (to === second.transport) types.push(typeOf(payload));
      return false;
    };
    first.node.connect().subscribe("a").unsubscribe("a").subscribe("a");
    const [instance = "", life] = second.adapter.nodeId.split("-");
    const request = encodeMessage(
      { instance, life: Number(life) },
      { type: "snapshot-request", id: 1, portion: 0, cachedWithinMs: 0 },
    );
    first.adapter.received(inboxTopic("first"), request);
    await world.settle();
    expect(types).toEqual(["changes", "snapshot-portion"]);
  });
});

describe("a node that starts", () => {
  it("without a server resolves after a while, and joins when there is one", async () => {
    const world = new ClusterWorld();
    const [first] = await world.addNodes("first");
    world.server.stop();
    const late = await world.add();
    expect(late.adapter.isConnected).toBe(false);
    expect(late.takeReports()).toEqual(["cluster-backend-lost"]);
    late.node.connect().subscribe("presence-a", member("1"));
    first.enter("presence-a", "2");
    await world.run(heartbeatMs);
    world.server.start();
    await world.run(heartbeatMs);
    for (const each of [first, late]) expect(each.members("presence-a")).toEqual(["1", "2"]);
  });

  it("knows all that the others have before it has started", async () => {
    const world = new ClusterWorld();
    const nodes = await world.addNodes("first", "second", "third");
    for (const [index, node] of nodes.entries()) node.enter("presence-a", `${index}`);
    await world.settle();
    // It hears of the others by their heartbeats only, each of which comes when it is due.
    world.server.loses = (to, { payload }) =>
      nodes.every(({ transport }) => transport !== to) && typeOf(payload) === "snapshot-request";
    const late = await world.add();
    expect(late.members("presence-a")).toEqual(["0", "1", "2"]);
  });
});
