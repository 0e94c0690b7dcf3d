import { describe, expect, it } from "vitest";
import type { AppOverrides } from "./app.test.harness.ts";
import { member, type TestClient, TestNode } from "./session.test.harness.ts";

/** Two clients in one channel; nothing is left to read. */
function pair(
  channel: string,
  overrides: AppOverrides = {},
): { node: TestNode; sender: TestClient; other: TestClient } {
  const node = new TestNode(overrides);
  const join = (id: number): TestClient =>
    node.connect().subscribe(channel, channel.startsWith("presence-") ? member(id) : undefined);
  const [sender, other] = [join(1), join(2)];
  sender.take();
  other.take();
  node.takeOccurrences();
  return { node, sender, other };
}

const refusal = (channel: string, message: string, code = 4301): string =>
  `{"event":"pusher:error","channel":"${channel}","data":{"code":${code},"message":${JSON.stringify(message)}}}`;

describe("client events", () => {
  it("reach the others in a private channel, not the sender, and name no user", () => {
    const { sender, other } = pair("private-a");
    sender.send({ event: "client-x", channel: "private-a", data: { a: 1 } });
    expect(other.take()).toEqual(['{"event":"client-x","channel":"private-a","data":"{\\"a\\":1}"}']);
    expect(sender.take()).toEqual([]);
  });

  it("name the sender as a string in a presence channel", () => {
    const { sender, other } = pair("presence-a");
    sender.send({ event: "client-x", channel: "presence-a", data: "text" });
    expect(other.take()).toEqual(['{"event":"client-x","channel":"presence-a","data":"text","user_id":"1"}']);
  });

  it("reach other connections of the same user", () => {
    const { node, sender } = pair("presence-a");
    const tab = node.connect().subscribe("presence-a", member(1));
    tab.take();
    sender.send({ event: "client-x", channel: "presence-a", data: "" });
    expect(tab.takeEvents()).toEqual(["client-x"]);
  });

  it.each([
    ["an object", '{"a":"é"}', '"{\\"a\\":\\"é\\"}"'],
    ["an array", "[1]", '"[1]"'],
    ["a number", "5", '"5"'],
    ["null", "null", '"null"'],
    ["a string", '"5"', '"5"'],
    ["an empty string", '""', '""'],
  ])("carry %s as a string", (_what, json, data) => {
    const { sender, other } = pair("private-a");
    sender.session.receiveText(`{"event":"client-x","channel":"private-a","data":${json}}`);
    expect(other.take()).toEqual([`{"event":"client-x","channel":"private-a","data":${data}}`]);
  });

  it("carry an empty object when data is missing", () => {
    const { sender, other } = pair("private-a");
    sender.send({ event: "client-x", channel: "private-a" });
    expect(other.take()).toEqual(['{"event":"client-x","channel":"private-a","data":"{}"}']);
  });

  it("carry the value itself where the app says raw", () => {
    const { sender, other } = pair("private-a", { events: { clientEventData: "raw" } });
    sender.send({ event: "client-x", channel: "private-a", data: { a: [1] } });
    sender.send({ event: "client-x", channel: "private-a", data: "{}" });
    expect(other.take()).toEqual([
      '{"event":"client-x","channel":"private-a","data":{"a":[1]}}',
      '{"event":"client-x","channel":"private-a","data":"{}"}',
    ]);
  });

  it("are told to the backend with data as the client sent it", () => {
    const { node, sender } = pair("presence-a");
    sender.send({ event: "client-x", channel: "presence-a", data: { a: 1 } });
    expect(node.takeOccurrences()).toEqual([
      {
        name: "client_event",
        channel: "presence-a",
        event: "client-x",
        data: { a: 1 },
        socketId: "1.1",
        userId: "1",
      },
    ]);
  });

  it("are not cached", () => {
    const { node, sender } = pair("private-cache-a");
    sender.send({ event: "client-x", channel: "private-cache-a", data: {} });
    expect(node.hub.cachedEvent("private-cache-a")).toBeUndefined();
  });
});

describe("refused client events", () => {
  it.each([
    [
      "disabled",
      { events: { clientEvents: "none" as const } },
      { channel: "private-a" },
      "The app does not have client messaging enabled.",
    ],
    [
      "too long a name",
      { events: { maxNameLength: 7 } },
      { channel: "private-a" },
      "The event name has 8 characters; 7 are allowed.",
    ],
    ["a public channel", {}, { channel: "a" }, "Client events are not allowed on a."],
    ["a cache channel", {}, { channel: "cache-a" }, "Client events are not allowed on cache-a."],
    [
      "an encrypted channel",
      {},
      { channel: "private-encrypted-a" },
      "Client events are not allowed on private-encrypted-a.",
    ],
    [
      "a user's channel",
      {},
      { channel: "#server-to-user-1" },
      "Client events are not allowed on #server-to-user-1.",
    ],
    [
      "a name with the prefix inside",
      {},
      { channel: "x-private-a" },
      "Client events are not allowed on x-private-a.",
    ],
    [
      "a channel the sender is not in",
      {},
      { channel: "private-b" },
      "The client is not subscribed to private-b.",
    ],
    [
      "too much data",
      { events: { maxDataBytes: 7 } },
      { channel: "private-a", data: { a: "é" } },
      "The event data has 10 bytes; 7 are allowed.",
    ],
  ])("%s: answered with 4301, and nothing is delivered", (_why, overrides, message, text) => {
    const { node, sender, other } = pair("private-a", overrides);
    sender.send({ event: "client-x", ...message });
    expect(sender.take()).toEqual([refusal(message.channel, text)]);
    expect(other.take()).toEqual([]);
    expect(node.takeOccurrences()).toEqual([]);
    expect(sender.closedWith).toBeUndefined();
  });

  it.each([[undefined], [7], [null], [""]])("name no channel: %j", (channel) => {
    const { node, sender } = pair("private-a");
    sender.send({ event: "client-x", channel });
    expect(sender.takeEvents()).toEqual(["pusher:error"]);
    expect(node.takeReports()).toEqual(["client-event-channel-missing"]);
  });

  it("from outsiders get Reverb's code and text in its profile", () => {
    const { sender } = pair("private-a", { profile: "reverb" });
    sender.send({ event: "client-x", channel: "private-b" });
    const data = { code: 4009, message: "The client is not a member of the specified channel." };
    expect(sender.take()).toEqual([
      `{"event":"pusher:error","data":${JSON.stringify(JSON.stringify(data))}}`,
    ]);
  });

  it("may hold exactly as many bytes as the limit", () => {
    const { sender, other } = pair("private-a", { events: { maxDataBytes: 10 } });
    sender.send({ event: "client-x", channel: "private-a", data: { a: "é" } });
    expect(other.takeEvents()).toEqual(["client-x"]);
  });
});

describe("client event rate", () => {
  const event = { event: "client-x", channel: "private-a", data: {} };

  it("refuses the eleventh in a second, and the connection stays", () => {
    const { node, sender, other } = pair("private-a");
    for (let count = 0; count < 11; count++) sender.send(event);
    expect(other.take()).toHaveLength(10);
    expect(sender.take()).toEqual([
      refusal("private-a", "More than 10 client events were sent within a second."),
    ]);
    node.clock.advance(1000);
    sender.send(event);
    expect(other.take()).toHaveLength(1);
    expect(sender.closedWith).toBeUndefined();
  });

  it("is counted per connection", () => {
    const { sender, other } = pair("private-a", { rates: { maxClientEventsPerSecond: 1 } });
    sender.send(event);
    other.send(event);
    expect(sender.takeEvents()).toEqual(["client-x"]);
    expect(other.takeEvents()).toEqual(["client-x"]);
  });

  it("is unlimited at -1", () => {
    const { sender, other } = pair("private-a", { rates: { maxClientEventsPerSecond: -1 } });
    for (let count = 0; count < 100; count++) sender.send(event);
    expect(other.take()).toHaveLength(100);
  });

  it("closes with 4009 where the app says so", () => {
    const { sender } = pair("private-a", { rates: { maxClientEventsPerSecond: 0, terminateOnLimit: true } });
    sender.send(event);
    expect(sender.closedWith).toEqual([4009, "More than 0 client events were sent within a second."]);
  });
});
