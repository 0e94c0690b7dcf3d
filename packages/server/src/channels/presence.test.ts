import { describe, expect, it } from "vitest";
import { member, TestNode } from "../pusher/session.test.harness.ts";

const succeeded = (data: string): string =>
  `{"event":"pusher_internal:subscription_succeeded","channel":"presence-a","data":${JSON.stringify(data)}}`;
const added = (data: string): string =>
  `{"event":"pusher_internal:member_added","channel":"presence-a","data":${JSON.stringify(data)}}`;
const removed = (data: string): string =>
  `{"event":"pusher_internal:member_removed","channel":"presence-a","data":${JSON.stringify(data)}}`;

function join(node: TestNode, userId: string | number, info?: unknown) {
  return node.connect().subscribe("presence-a", member(userId, info));
}

describe("joining a presence channel", () => {
  it("shows the joiner itself and the others, with ids as they were sent", () => {
    const node = new TestNode();
    expect(join(node, 1, { name: "A" }).take()).toEqual([
      succeeded('{"presence":{"ids":[1],"hash":{"1":{"name":"A"}},"count":1}}'),
    ]);
    expect(join(node, "b").take()).toEqual([
      succeeded('{"presence":{"ids":[1,"b"],"hash":{"1":{"name":"A"},"b":null},"count":2}}'),
    ]);
  });

  it("is announced to the others, without info that was not given, and never to the joiner", () => {
    const node = new TestNode();
    const first = join(node, 1);
    first.take();
    expect(join(node, 2, { name: "B" }).take()).toHaveLength(1);
    join(node, "3");
    expect(first.take()).toEqual([added('{"user_id":2,"user_info":{"name":"B"}}'), added('{"user_id":"3"}')]);
    expect(node.takeOccurrences()).toEqual([
      { name: "channel_occupied", channel: "presence-a" },
      { name: "member_added", channel: "presence-a", userId: "1" },
      { name: "member_added", channel: "presence-a", userId: "2" },
      { name: "member_added", channel: "presence-a", userId: "3" },
    ]);
  });

  it("with a second connection of the same user is silent, whether the id is a number or a string", () => {
    const node = new TestNode();
    const first = join(node, 1, "old");
    first.take();
    node.takeOccurrences();
    expect(join(node, "1", "new").take()).toEqual([
      succeeded('{"presence":{"ids":[1],"hash":{"1":"old"},"count":1}}'),
    ]);
    expect(first.take()).toEqual([]);
    expect(node.takeOccurrences()).toEqual([]);
    expect(node.hub.channel("presence-a")).toEqual({ occupied: true, subscriptionCount: 2, userCount: 1 });
  });

  it("keeps ids that a JavaScript object would lose or sort", () => {
    const node = new TestNode();
    for (const id of ["b", "2", "__proto__", "1"]) join(node, id, id);
    const [text = ""] = join(node, "b").take();
    expect(text).toContain(
      JSON.stringify(
        '{"presence":{"ids":["b","2","__proto__","1"],"hash":{"b":"b","2":"2","__proto__":"__proto__","1":"1"},"count":4}}',
      ),
    );
  });

  it("twice answers with the members as they are then", () => {
    const node = new TestNode();
    const client = join(node, 1);
    join(node, 2);
    client.take();
    expect(client.subscribe("presence-a", member(1)).take()).toEqual([
      succeeded('{"presence":{"ids":[1,2],"hash":{"1":null,"2":null},"count":2}}'),
    ]);
  });
});

describe("leaving a presence channel", () => {
  it.each([
    ["an unsubscribe", (client: ReturnType<typeof join>) => client.unsubscribe("presence-a")],
    ["a lost connection", (client: ReturnType<typeof join>) => client.session.closed()],
    ["a missed pong", (client: ReturnType<typeof join>) => client.session.missedPong(1)],
  ])("by %s is announced when it was the user's last connection", (_cause, leave) => {
    const node = new TestNode();
    const watcher = join(node, 1);
    const [first, second] = [join(node, 2), join(node, "2")];
    watcher.take();
    node.takeOccurrences();
    leave(first);
    expect(watcher.take()).toEqual([]);
    leave(second);
    expect(watcher.take()).toEqual([removed('{"user_id":"2"}')]);
    expect(node.takeOccurrences()).toEqual([{ name: "member_removed", channel: "presence-a", userId: "2" }]);
  });

  it("as the last one is told to the backend before the channel is vacated", () => {
    const node = new TestNode();
    join(node, 1).session.closed();
    expect(node.takeOccurrences().map(({ name }) => name)).toEqual([
      "channel_occupied",
      "member_added",
      "member_removed",
      "channel_vacated",
    ]);
    expect(node.hub.members("presence-a")).toEqual([]);
  });

  it("hands the shown info on to the user's next oldest connection", () => {
    const node = new TestNode();
    const first = join(node, 1, "first");
    join(node, "1", "second");
    first.session.closed();
    expect(node.hub.members("presence-a")).toEqual([{ userId: "1", userInfo: "second" }]);
    expect(join(node, 2).take()).toEqual([
      succeeded('{"presence":{"ids":["1",2],"hash":{"1":"second","2":null},"count":2}}'),
    ]);
  });

  it("makes room in a full channel", () => {
    const node = new TestNode({ channels: { maxPresenceMembers: 1 } });
    const first = join(node, 1);
    expect(join(node, 2).takeEvents()).toEqual(["pusher:subscription_error"]);
    first.session.closed();
    expect(join(node, 2).takeEvents()).toEqual(["pusher_internal:subscription_succeeded"]);
  });
});

describe("a delayed leave", () => {
  const channels = { presenceLeaveDelayMs: 1000 };

  it("is announced after the delay, and the member is shown until then", () => {
    const node = new TestNode({ channels });
    const watcher = join(node, 1);
    const user = join(node, 2);
    watcher.take();
    user.session.closed();
    node.clock.advance(999);
    expect(watcher.take()).toEqual([]);
    expect(node.hub.channel("presence-a").userCount).toBe(2);
    node.clock.advance(1);
    expect(watcher.take()).toEqual([removed('{"user_id":2}')]);
    expect(node.hub.channel("presence-a").userCount).toBe(1);
  });

  it("is not seen when the user is back in time", () => {
    const node = new TestNode({ channels });
    const watcher = join(node, 1);
    join(node, 2).session.closed();
    watcher.take();
    node.takeOccurrences();
    join(node, 2, "again");
    node.clock.advance(5000);
    expect(watcher.take()).toEqual([]);
    expect(node.takeOccurrences()).toEqual([]);
    expect(node.hub.members("presence-a")[1]).toEqual({ userId: 2, userInfo: "again" });
  });

  it("ends at once when nobody is left to see it", () => {
    const node = new TestNode({ channels });
    const [first, second] = [join(node, 1), join(node, 2)];
    first.session.closed();
    node.takeOccurrences();
    second.session.closed();
    expect(node.takeOccurrences()).toEqual([
      { name: "member_removed", channel: "presence-a", userId: "1" },
      { name: "member_removed", channel: "presence-a", userId: "2" },
      { name: "channel_vacated", channel: "presence-a" },
    ]);
    expect(node.clock.pending).toBe(0);
    expect(node.hub.channels().size).toBe(0);
  });
});

describe("snapshot and stream", () => {
  it.each([false, true])("leave no gap between them (batched: %s)", (batched) => {
    const node = new TestNode({}, { batched });
    const clients = Array.from({ length: 20 }, (_, index) => join(node, index));
    clients[3]?.session.closed();
    for (const [index, client] of clients.entries()) {
      if (index === 3) continue;
      const known = new Set<number>();
      for (const text of client.take()) {
        const { event, data } = JSON.parse(text) as { event: string; data: string };
        const body = JSON.parse(data) as { presence?: { ids: number[] }; user_id?: number };
        for (const id of body.presence?.ids ?? []) known.add(id);
        if (event.endsWith("member_added")) known.add(body.user_id ?? -1);
        if (event.endsWith("member_removed")) known.delete(body.user_id ?? -1);
      }
      expect([...known].toSorted((a, b) => a - b)).toEqual([
        0,
        1,
        2,
        ...Array.from({ length: 16 }, (_, i) => i + 4),
      ]);
    }
  });
});
