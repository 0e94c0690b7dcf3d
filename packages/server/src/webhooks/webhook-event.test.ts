import { describe, expect, it } from "vitest";
import { formatWebhookBody, formatWebhookEvent, isForChannel } from "./webhook-event.ts";

describe("a webhook event", () => {
  for (const [occurrence, json] of [
    [{ name: "channel_occupied", channel: "a" }, '{"name":"channel_occupied","channel":"a"}'],
    [{ name: "channel_vacated", channel: "a" }, '{"name":"channel_vacated","channel":"a"}'],
    [{ name: "cache_miss", channel: "cache-a" }, '{"name":"cache_miss","channel":"cache-a"}'],
    [
      { name: "member_added", channel: "presence-a", userId: "7" },
      '{"name":"member_added","channel":"presence-a","user_id":"7"}',
    ],
    [
      { name: "member_removed", channel: "presence-a", userId: "7" },
      '{"name":"member_removed","channel":"presence-a","user_id":"7"}',
    ],
    [
      { name: "subscription_count", channel: "a", subscriptionCount: 4 },
      '{"name":"subscription_count","channel":"a","subscription_count":4}',
    ],
    [
      { name: "client_event", channel: "private-a", event: "client-x", data: { y: 1 }, socketId: "1.2" },
      '{"name":"client_event","channel":"private-a","event":"client-x","data":"{\\"y\\":1}","socket_id":"1.2"}',
    ],
    [
      {
        name: "client_event",
        channel: "presence-a",
        event: "client-x",
        data: "y",
        socketId: "1.2",
        userId: "7",
      },
      '{"name":"client_event","channel":"presence-a","event":"client-x","data":"y","socket_id":"1.2","user_id":"7"}',
    ],
    [
      { name: "client_event", channel: "private-a", event: "client-x", data: undefined, socketId: "1.2" },
      '{"name":"client_event","channel":"private-a","event":"client-x","data":"{}","socket_id":"1.2"}',
    ],
  ] as const) {
    it(`is ${json}`, () => {
      expect(formatWebhookEvent(occurrence, "pusher")).toBe(json);
    });
  }

  it("keeps the data of a client event as it was sent in the profile soketi", () => {
    const occurrence = {
      name: "client_event",
      channel: "private-a",
      event: "client-x",
      data: { y: 1 },
      socketId: "1.2",
    } as const;
    expect(formatWebhookEvent(occurrence, "soketi")).toContain('"data":{"y":1}');
  });

  it("stands with others in one body", () => {
    expect(formatWebhookBody([{ json: '{"a":1}' }, { json: "{}" }], 123)).toBe(
      '{"time_ms":123,"events":[{"a":1},{}]}',
    );
  });
});

describe("a channel filter", () => {
  it("wants both the start and the end that it names", () => {
    const filter = { channelNameStartsWith: "presence-", channelNameEndsWith: "-eu" };
    expect(isForChannel({ filter }, "presence-a-eu")).toBe(true);
    expect(isForChannel({ filter }, "presence-a-us")).toBe(false);
    expect(isForChannel({ filter }, "private-a-eu")).toBe(false);
    expect(isForChannel({}, "anything")).toBe(true);
  });

  it("never lets the channel of a single user through", () => {
    expect(isForChannel({}, "#server-to-user-7")).toBe(false);
  });
});
