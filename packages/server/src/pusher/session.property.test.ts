import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { member, TestNode } from "./session.test.harness.ts";

const channel = fc.oneof(
  fc.constantFrom(
    "a",
    "private-a",
    "presence-a",
    "cache-a",
    "#server-to-user-7",
    "private-encrypted-a",
    "x:y",
    "",
  ),
  fc.jsonValue(),
);
const channelData = fc.oneof(fc.constantFrom(member(1), member("1"), "{", '"x"', "null"), fc.jsonValue());
const data = fc.oneof(
  fc.record(
    { channel, auth: fc.jsonValue(), channel_data: channelData, user_data: channelData },
    { requiredKeys: [] },
  ),
  fc.json(),
  fc.jsonValue(),
);
const message = fc.record(
  {
    event: fc.oneof(
      fc.constantFrom(
        "pusher:ping",
        "pusher:pong",
        "pusher:subscribe",
        "pusher:unsubscribe",
        "pusher:signin",
      ),
      fc.constantFrom("client-x", "pusher:x", "pusher_internal:member_added", "x"),
      fc.jsonValue(),
    ),
    channel,
    data,
    user_id: fc.jsonValue(),
  },
  { requiredKeys: [] },
);
const text = fc.oneof(
  message.map((value) => JSON.stringify(value)),
  fc.json(),
  fc.string(),
);

describe("any messages of any shape", () => {
  it("never throw, never reach another session and leave nothing behind", () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 20 }), (texts) => {
        const node = new TestNode({
          connection: { maxProtocolErrorsPerMinute: -1, closeOnSigninFailure: false },
        });
        const bystander = node.connect().signIn('{"id":"7"}').subscribe("presence-a", member(1));
        bystander.subscribe("private-a").take();
        const client = node.connect();
        for (const each of texts) client.session.receiveText(each);
        for (const sent of client.take()) expect(() => JSON.parse(sent) as unknown).not.toThrow();
        expect(bystander.take()).toEqual([]);
        client.session.closed();
        bystander.session.closed();
        expect(node.hub.channels().size).toBe(0);
        expect(node.clock.pending).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it("of signed-in members of a room reach the others only as client events", () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 20 }), (texts) => {
        const node = new TestNode({
          connection: { maxProtocolErrorsPerMinute: -1, closeOnSigninFailure: false },
        });
        const bystander = node.connect().subscribe("presence-a", member(1));
        const client = node.connect().signIn('{"id":"9"}').subscribe("presence-a", member(2));
        bystander.take();
        for (const each of texts) client.session.receiveText(each);
        const allowed = new Set([
          "client-x",
          "pusher_internal:member_removed",
          "pusher_internal:member_added",
        ]);
        for (const event of bystander.takeEvents()) expect(allowed.has(event)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe("joining and leaving in any order", () => {
  const step = fc.record({
    who: fc.nat(4),
    user: fc.nat(2),
    action: fc.constantFrom("join", "leave", "close"),
  });

  it("keeps every client's picture of the members equal to the hub's", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.boolean(), (steps, batched) => {
        const node = new TestNode({}, { batched });
        const clients = Array.from({ length: 5 }, () => node.connect());
        const pictures = clients.map(() => new Set<string>());
        for (const { who, user, action } of steps) {
          const client = clients[who];
          if (client === undefined) continue;
          if (action === "join") client.subscribe("presence-a", member(user));
          else if (action === "leave") client.unsubscribe("presence-a");
          else client.session.closed();
        }
        const members = node.hub.members("presence-a").map(({ userId }) => String(userId));
        for (const [index, client] of clients.entries()) {
          const picture = pictures[index] ?? new Set();
          for (const sent of client.take()) apply(picture, sent);
          if (!client.session.subscriptions.has("presence-a")) continue;
          expect([...picture].toSorted()).toEqual(members.toSorted());
        }
      }),
      { numRuns: 200 },
    );
  });
});

function apply(picture: Set<string>, sent: string): void {
  const { event, data: json } = JSON.parse(sent) as { event: string; data: string };
  const body = JSON.parse(json) as { presence?: { ids: number[] }; user_id?: number };
  if (body.presence) {
    picture.clear();
    for (const id of body.presence.ids) picture.add(String(id));
  }
  if (event.endsWith("member_added")) picture.add(String(body.user_id));
  if (event.endsWith("member_removed")) picture.delete(String(body.user_id));
}
