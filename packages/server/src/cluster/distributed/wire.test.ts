import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ClusterWorld } from "./cluster-world.test.harness.ts";
import { createIdentity } from "./node-identity.ts";
import { channelTopic, inboxTopic, leaderTopic, stateTopic } from "./topics.ts";
import { headerBytes, isSentBy, readKind, readSender, wireKinds, writeHeader } from "./wire-header.ts";
import {
  decodeMessage,
  encodeChanges,
  encodeMessage,
  encodePortion,
  maxChangesTogether,
  splitJson,
  type WireMessage,
} from "./wire-message.ts";

const sender = { ...createIdentity(), life: 7 };

describe("messages between nodes", () => {
  it.each<WireMessage>([
    { type: "heartbeat", sequence: 3 },
    { type: "command", command: { type: "terminate-user", appId: "1", userId: "ü" } },
    { type: "left" },
    { type: "snapshot-request", id: 1, portion: 0, cachedWithinMs: 12.5 },
    { type: "snapshot-busy", id: 1 },
    { type: "declared-dead", life: 2 },
    { type: "cache-miss", appId: "1", channel: "cache-a" },
  ])("arrive as they were sent: $type", (message) => {
    const bytes = encodeMessage(sender, message);
    expect(readKind(bytes)).toBe(wireKinds.message);
    expect(readSender(bytes)).toEqual(sender);
    expect(decodeMessage(bytes)).toEqual(message);
  });

  it("carry changes that are JSON already", () => {
    const change = { type: "subscriptions", channel: 'a"', count: 1 } as const;
    const told = { appId: '1"', json: [JSON.stringify(change)] };
    expect(decodeMessage(encodeChanges(sender, 5, told))).toEqual({
      type: "changes",
      sequence: 5,
      appId: '1"',
      changes: [change],
    });
    const portion = { id: 1, portion: 2, sequence: 3, done: true, knowsCache: false };
    expect(decodeMessage(encodePortion(sender, { ...portion, apps: [told] }))).toEqual({
      type: "snapshot-portion",
      ...portion,
      apps: [{ appId: '1"', changes: [change] }],
    });
  });

  it("are split by number and by size", () => {
    const small = { type: "subscriptions", channel: "a", count: 1 } as const;
    const many = [...splitJson(Array.from({ length: 2 * maxChangesTogether + 1 }, () => small))];
    expect(many.map(({ length }) => length)).toEqual([maxChangesTogether, maxChangesTogether, 1]);
    const large = { ...small, channel: "a".repeat(60_000) };
    expect([...splitJson([large, large, large, large, large])].map(({ length }) => length)).toEqual([
      2, 2, 1,
    ]);
    expect([...splitJson([])]).toEqual([]);
  });

  it("tell whose they are", () => {
    const bytes = encodeMessage(sender, { type: "left" });
    expect(isSentBy(bytes, Buffer.from(sender.instance, "hex"))).toBe(true);
    expect(isSentBy(bytes, Buffer.from(createIdentity().instance, "hex"))).toBe(false);
  });

  it("are none when the bytes are somebody else's, of another version, or cut", () => {
    const bytes = encodeMessage(sender, { type: "left" });
    expect(readKind(Buffer.from("hello"))).toBe("foreign");
    expect(readKind(Buffer.alloc(100))).toBe("foreign");
    expect(readKind(bytes.subarray(0, headerBytes - 1))).toBe("foreign");
    const newer = Buffer.from(bytes);
    newer[2] = 9;
    expect(readKind(newer)).toBe("version 9");
    const odd = Buffer.from(bytes);
    odd[3] = 9;
    expect(readKind(odd)).toBe("unreadable");
    expect(decodeMessage(bytes.subarray(0, -1))).toBeUndefined();
    expect(decodeMessage(Buffer.concat([bytes.subarray(0, headerBytes), Buffer.from("{}")]))).toBeUndefined();
  });
});

describe("a node that gets what makes no sense", () => {
  const foreign = { name: "foreign" } as const;

  it("tells it once for each sender and kind, and works on", async () => {
    const world = new ClusterWorld();
    const [first, second] = await world.addNodes("first", "second");
    const { instance } = createIdentity();
    const newer = encodeMessage({ instance, life: 1 }, { type: "left" });
    newer[2] = 2;
    const unreadable = writeHeader(Buffer.alloc(40, 7), wireKinds.message, { instance, life: 1 });
    for (let repeat = 0; repeat < 3; repeat++) {
      for (const payload of [Buffer.from(foreign.name), newer, unreadable]) {
        first.adapter.received(stateTopic, payload);
      }
      first.adapter.received(
        channelTopic("1", "a"),
        writeHeader(Buffer.alloc(headerBytes + 1, 255), wireKinds.publication, { instance, life: 1 }),
      );
    }
    const explained = first.reports.map(({ name, evidence }) => [
      name,
      evidence["problem"],
      evidence["topic"],
    ]);
    expect(explained).toEqual([
      ["cluster-message-invalid", "foreign", "state"],
      ["cluster-message-invalid", "version 2", "state"],
      ["cluster-message-invalid", "unreadable", "state"],
      ["cluster-message-invalid", "unreadable", "channel"],
    ]);
    second.enter("presence-a", "1");
    await world.settle();
    expect(first.members("presence-a")).toEqual(["1"]);
    expect(first.adapter.describePeers()).toHaveLength(1);
  });

  it("tells no more than a hundred senders of it", async () => {
    const world = new ClusterWorld();
    const [first] = await world.addNodes("first");
    for (let each = 0; each < 200; each++) {
      first.adapter.received(leaderTopic, writeHeader(Buffer.alloc(30), wireKinds.message, createIdentity()));
    }
    expect(first.reports).toHaveLength(100);
  });

  it("never throws, whatever the bytes", async () => {
    const world = new ClusterWorld();
    const [first, second] = await world.addNodes("first", "second");
    const { instance } = createIdentity();
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 100 }).map((each) => Buffer.from(each)),
      fc
        .tuple(fc.constantFrom(1, 2), fc.uint8Array({ maxLength: 60 }))
        .map(([kind, rest]) =>
          writeHeader(
            Buffer.concat([Buffer.alloc(headerBytes), rest]),
            kind === 1 ? wireKinds.message : wireKinds.publication,
            { instance, life: 1 },
          ),
        ),
      fc
        .record({
          type: fc.constantFrom("heartbeat", "changes", "left", "snapshot-portion"),
          id: fc.anything(),
        })
        .map((value) =>
          writeHeader(
            Buffer.concat([Buffer.alloc(headerBytes), Buffer.from(JSON.stringify(value))]),
            wireKinds.message,
            { instance, life: 1 },
          ),
        ),
    );
    fc.assert(
      fc.property(bytes, (payload) => {
        for (const topic of [stateTopic, leaderTopic, inboxTopic(instance), channelTopic("1", "a")]) {
          first.adapter.received(topic, payload);
        }
      }),
      { numRuns: 300 },
    );
    second.enter("presence-a", "1");
    await world.settle();
    expect(first.members("presence-a")).toEqual(["1"]);
  });
});
