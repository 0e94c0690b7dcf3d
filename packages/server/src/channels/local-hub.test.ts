import { describe, expect, it } from "vitest";
import { member, TestNode } from "../pusher/session.test.harness.ts";

describe("publishing", () => {
  it("reaches every subscriber with the publisher's string, byte for byte", () => {
    const node = new TestNode();
    const [first, second, outsider] = [node.connect(), node.connect(), node.connect()];
    first.subscribe("a").take();
    second.subscribe("a").take();
    const data = '{"a":"\\u00e9","b":" "}';
    node.hub.publish({ name: "App\\Events\\X", channel: "a", data });
    const text = `{"event":"App\\\\Events\\\\X","channel":"a","data":${JSON.stringify(data)}}`;
    expect([first.take(), second.take(), outsider.take()]).toEqual([[text], [text], []]);
  });

  it("leaves out the connection with the excluded socket id; an unknown one excludes nobody", () => {
    const node = new TestNode();
    const [first, second] = [node.connect().subscribe("a"), node.connect().subscribe("a")];
    first.take();
    second.take();
    node.hub.publish({ name: "e", channel: "a", data: "1", exceptSocketId: "1.1" });
    node.hub.publish({ name: "e", channel: "a", data: "2", exceptSocketId: "9.9" });
    expect(first.take()).toHaveLength(1);
    expect(second.take()).toHaveLength(2);
  });

  it.each([false, true])("never reaches a subscriber before its answer (batched: %s)", (batched) => {
    const node = new TestNode({}, { batched });
    node.connect().subscribe("a");
    const client = node.connect();
    node.hub.publish({ name: "before", channel: "a", data: "" });
    client.subscribe("a");
    node.hub.publish({ name: "after", channel: "a", data: "" });
    expect(client.takeEvents()).toEqual(["pusher_internal:subscription_succeeded", "after"]);
  });
});

describe("reading", () => {
  it("gives the figures of occupied channels, by prefix if asked", () => {
    const node = new TestNode();
    const client = node.connect().subscribe("a").subscribe("presence-b", member(1));
    node.connect().subscribe("a");
    expect(node.hub.channels()).toEqual(
      new Map([
        ["a", { occupied: true, subscriptionCount: 2 }],
        ["presence-b", { occupied: true, subscriptionCount: 1, userCount: 1 }],
      ]),
    );
    expect([...node.hub.channels("presence-").keys()]).toEqual(["presence-b"]);
    client.session.closed();
    expect([...node.hub.channels().keys()]).toEqual(["a"]);
  });

  it("gives zeros for channels that nobody is in", () => {
    const { hub } = new TestNode();
    expect(hub.channel("a")).toEqual({ occupied: false, subscriptionCount: 0 });
    expect(hub.channel("presence-a")).toEqual({ occupied: false, subscriptionCount: 0, userCount: 0 });
    expect(hub.members("presence-a")).toEqual([]);
  });

  it("walks through channels and members, as they are when their turn comes", () => {
    const node = new TestNode();
    const client = node.connect().subscribe("a").subscribe("presence-b", member(1));
    node.connect().subscribe("presence-b", member(1));
    node.connect().subscribe("presence-b", member("2"));
    const walk = node.hub.occupants()[Symbol.iterator]();
    expect(walk.next().value).toEqual({ channel: "a" });
    client.subscribe("c");
    const rest = Array.from({ [Symbol.iterator]: () => walk });
    expect(rest).toEqual([
      { channel: "presence-b" },
      { channel: "presence-b", userId: "1" },
      { channel: "presence-b", userId: "2" },
      { channel: "c" },
    ]);
    client.session.closed();
    expect(node.hub.isPresent({ channel: "a" })).toBe(false);
    expect(node.hub.isPresent({ channel: "presence-b" })).toBe(true);
    expect(node.hub.isPresent({ channel: "presence-b", userId: "1" })).toBe(true);
    expect(node.hub.isPresent({ channel: "presence-b", userId: "3" })).toBe(false);
    expect(node.hub.isPresent({ channel: "a", userId: "1" })).toBe(false);
  });

  it("lists members oldest first", () => {
    const node = new TestNode();
    for (const id of [3, "1", 2]) node.connect().subscribe("presence-a", member(id, { of: id }));
    expect(node.hub.members("presence-a")).toEqual([
      { userId: 3, userInfo: { of: 3 } },
      { userId: "1", userInfo: { of: "1" } },
      { userId: 2, userInfo: { of: 2 } },
    ]);
  });
});

describe("a connection that is gone", () => {
  it("leaves nothing behind", () => {
    const node = new TestNode({ channels: { watchlist: true, subscriptionCount: true } });
    const client = node.connect().signIn('{"id":"7","watchlist":["8"]}');
    client.subscribe("a").subscribe("private-a").subscribe("presence-a", member(1)).subscribe("cache-a");
    client.session.closed();
    expect(node.hub.connectionCount()).toBe(0);
    expect(node.hub.channels().size).toBe(0);
    expect(node.hub.channel("#server-to-user-7").occupied).toBe(false);
    expect(client.session.subscriptions.size).toBe(0);
    expect(node.clock.pending).toBe(0);
    const vacated = node.takeOccurrences().filter(({ name }) => name === "channel_vacated");
    expect(vacated.map(({ channel }) => channel)).toEqual(["a", "private-a", "presence-a", "cache-a"]);
  });

  it("may go in the middle of a broadcast that its leaving causes", () => {
    const node = new TestNode();
    const [first, second, third] = [1, 2, 3].map((id) => node.connect().subscribe("presence-a", member(id)));
    if (!first || !second || !third) throw new Error("three clients were made");
    // Each is closed by the news that the one before has left, as a slow connection would be.
    second.transport.onMessage = (text) => text.includes("member_removed") && second.session.closed();
    third.transport.onMessage = (text) => text.includes("member_removed") && third.session.closed();
    node.takeOccurrences();
    first.session.closed();
    expect(node.hub.channels().size).toBe(0);
    expect(node.hub.members("presence-a")).toEqual([]);
    const names = node.takeOccurrences().map(({ name }) => name);
    expect(names.filter((name) => name === "channel_vacated")).toHaveLength(1);
    expect(names.filter((name) => name === "member_removed")).toHaveLength(3);
  });

  it("may be closed by the answer to its own subscription", () => {
    const node = new TestNode({ channels: { subscriptionCount: true } });
    const client = node.connect();
    client.transport.onMessage = () => client.session.closed();
    client.subscribe("cache-a");
    expect(node.hub.channels().size).toBe(0);
    expect(node.takeOccurrences()).toEqual([
      { name: "channel_occupied", channel: "cache-a" },
      { name: "subscription_count", channel: "cache-a", subscriptionCount: 0 },
      { name: "channel_vacated", channel: "cache-a" },
    ]);
    node.hub.publish({ name: "e", channel: "cache-a", data: "" });
    expect(client.takeEvents()).toEqual(["pusher_internal:subscription_succeeded"]);
  });

  it("may be closed by the answer to its own signin", () => {
    const node = new TestNode({ channels: { watchlist: true } });
    const client = node.connect();
    client.transport.onMessage = () => client.session.closed();
    client.signIn('{"id":"7","watchlist":["8"]}');
    expect(node.hub.channel("#server-to-user-7").occupied).toBe(false);
    expect(client.takeEvents()).toEqual(["pusher:signin_success"]);
  });
});

const count = (channel: string, number: number): string =>
  `{"event":"pusher_internal:subscription_count","channel":"${channel}","data":"{\\"subscription_count\\":${number}}"}`;

describe("subscription counts", () => {
  const channels = { subscriptionCount: true };
  it("are sent to all subscribers after each change, the joiner included", () => {
    const node = new TestNode({ channels });
    const first = node.connect().subscribe("private-a");
    expect(first.take()[1]).toBe(count("private-a", 1));
    const second = node.connect().subscribe("private-a");
    expect(first.take()).toEqual([count("private-a", 2)]);
    expect(second.take()[1]).toBe(count("private-a", 2));
    second.session.closed();
    expect(first.take()).toEqual([count("private-a", 1)]);
  });

  it("are raised for the backend as well, down to zero", () => {
    const node = new TestNode({ channels });
    node.connect().subscribe("a").unsubscribe("a");
    expect(node.takeOccurrences()).toEqual([
      { name: "channel_occupied", channel: "a" },
      { name: "subscription_count", channel: "a", subscriptionCount: 1 },
      { name: "subscription_count", channel: "a", subscriptionCount: 0 },
      { name: "channel_vacated", channel: "a" },
    ]);
  });

  it("are not sent on presence channels, nor where the app has them switched off", () => {
    const presence = new TestNode({ channels }).connect().subscribe("presence-a", member(1));
    expect(presence.takeEvents()).toEqual(["pusher_internal:subscription_succeeded"]);
    expect(new TestNode().connect().subscribe("a").takeEvents()).toEqual([
      "pusher_internal:subscription_succeeded",
    ]);
  });

  it("above a hundred come at most every five seconds, and only when they changed", () => {
    const node = new TestNode({ channels });
    const first = node.connect().subscribe("a");
    for (let number = 2; number <= 101; number++) node.connect().subscribe("a");
    expect(first.take().at(-1)).toBe(count("a", 101));
    const late = node.connect().subscribe("a");
    node.connect().subscribe("a");
    expect(first.take()).toEqual([]);
    expect(node.clock.pending).toBe(1);
    node.clock.advance(4999);
    expect(first.take()).toEqual([]);
    node.clock.advance(1);
    expect(first.take()).toEqual([count("a", 103)]);
    late.unsubscribe("a").subscribe("a");
    node.clock.advance(5000);
    expect(first.take()).toEqual([]);
    expect(node.clock.pending).toBe(0);
  });
});
