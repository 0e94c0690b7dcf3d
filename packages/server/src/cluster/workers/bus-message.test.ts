import { describe, expect, it } from "vitest";
import { headerBytes } from "./bus-frame.ts";
import { type BusMessage, decodeMessage, encodeMessage } from "./bus-message.ts";

const messages: readonly BusMessage[] = [
  { type: "hello", nodeId: "n" },
  {
    type: "changes",
    nodeId: "n",
    appId: "1",
    changes: [
      { type: "subscriptions", channel: "a", count: 1 },
      { type: "member", channel: "presence-a", userId: 7, userInfo: { ü: [null] }, sinceMs: 1.5 },
      { type: "member-left", channel: "presence-a", userId: "7" },
      { type: "cached", channel: "cache-a", name: "e", data: "", storedAtMs: 1, leftMs: 2 },
    ],
  },
  { type: "command", command: { type: "terminate-user", appId: "1", userId: "7" } },
  { type: "occurrence", appId: "1", occurrence: { name: "cache_miss", channel: "cache-a" } },
  { type: "synchronised" },
];

describe("messages on the bus", () => {
  it.each(messages)("arrive as they were sent: $type", (message) => {
    expect(decodeMessage(encodeMessage(message).subarray(headerBytes))).toEqual(message);
  });

  it.each([
    "",
    "{",
    "null",
    '{"type":"unheard-of"}',
    '{"type":"hello","nodeId":""}',
    '{"type":"hello","nodeId":"n","more":1}',
    '{"type":"changes","nodeId":"n","appId":"1","changes":[{"type":"subscriptions","channel":"a","count":-1}]}',
    '{"type":"occurrence","appId":"1","occurrence":{"name":"channel_occupied","channel":"a"}}',
  ])("are none when they say %s", (json) => {
    expect(decodeMessage(Buffer.from(json))).toBeUndefined();
  });
});
