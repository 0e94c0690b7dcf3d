import { describe, expect, it } from "vitest";
import {
  formatCacheMiss,
  formatChannelEvent,
  formatClientEvent,
  formatConnectionEstablished,
  formatError,
  formatMemberAdded,
  formatMemberRemoved,
  formatSigninSuccess,
  formatSubscriptionCount,
  formatSubscriptionError,
  formatSubscriptionSucceeded,
  formatWatchlistEvents,
  pongEvent,
} from "./outgoing-events.ts";

describe("wire strings of outgoing events", () => {
  it.each([
    [
      "connection_established carries a string",
      formatConnectionEstablished("1.2", 120),
      '{"event":"pusher:connection_established","data":"{\\"socket_id\\":\\"1.2\\",\\"activity_timeout\\":120}"}',
    ],
    [
      "error carries an object",
      formatError("pusher", 4001, 'No app "x".'),
      '{"event":"pusher:error","data":{"code":4001,"message":"No app \\"x\\"."}}',
    ],
    [
      "error without a code carries null",
      formatError("soketi", null, "m"),
      '{"event":"pusher:error","data":{"code":null,"message":"m"}}',
    ],
    [
      "error about a channel names it",
      formatError("pusher", 4301, "m", "private-x"),
      '{"event":"pusher:error","channel":"private-x","data":{"code":4301,"message":"m"}}',
    ],
    [
      "error in profile reverb carries a string and no channel",
      formatError("reverb", 4301, "m", "private-x"),
      '{"event":"pusher:error","data":"{\\"code\\":4301,\\"message\\":\\"m\\"}"}',
    ],
    ["pong carries an empty object as a string", pongEvent, '{"event":"pusher:pong","data":"{}"}'],
    [
      "subscription_succeeded carries an empty object as a string",
      formatSubscriptionSucceeded("a"),
      '{"event":"pusher_internal:subscription_succeeded","channel":"a","data":"{}"}',
    ],
    [
      "subscription_error carries type, error and status",
      formatSubscriptionError("private-a", "AuthError", "no", 401),
      '{"event":"pusher:subscription_error","channel":"private-a",' +
        '"data":"{\\"type\\":\\"AuthError\\",\\"error\\":\\"no\\",\\"status\\":401}"}',
    ],
    [
      "subscription_count carries the number",
      formatSubscriptionCount("a", 3),
      '{"event":"pusher_internal:subscription_count","channel":"a","data":"{\\"subscription_count\\":3}"}',
    ],
    [
      "member_added keeps a numeric id",
      formatMemberAdded("presence-a", 7, { name: "A" }),
      '{"event":"pusher_internal:member_added","channel":"presence-a",' +
        '"data":"{\\"user_id\\":7,\\"user_info\\":{\\"name\\":\\"A\\"}}"}',
    ],
    [
      "member_added leaves absent info out",
      formatMemberAdded("presence-a", "7", undefined),
      '{"event":"pusher_internal:member_added","channel":"presence-a","data":"{\\"user_id\\":\\"7\\"}"}',
    ],
    [
      "member_removed carries the id",
      formatMemberRemoved("presence-a", "7"),
      '{"event":"pusher_internal:member_removed","channel":"presence-a","data":"{\\"user_id\\":\\"7\\"}"}',
    ],
    [
      "cache_miss carries an empty object as a string",
      formatCacheMiss("cache-a"),
      '{"event":"pusher:cache_miss","channel":"cache-a","data":"{}"}',
    ],
    [
      "signin_success repeats the text of user_data",
      formatSigninSuccess('{"id":"7"}'),
      '{"event":"pusher:signin_success","data":"{\\"user_data\\":\\"{\\\\\\"id\\\\\\":\\\\\\"7\\\\\\"}\\"}"}',
    ],
    [
      "watchlist_events carries both lists",
      formatWatchlistEvents(["a"], ["b"]),
      '{"event":"pusher_internal:watchlist_events",' +
        '"data":"{\\"events\\":[{\\"name\\":\\"online\\",\\"user_ids\\":[\\"a\\"]},' +
        '{\\"name\\":\\"offline\\",\\"user_ids\\":[\\"b\\"]}]}"}',
    ],
    [
      "watchlist_events leaves an empty list out",
      formatWatchlistEvents([], ["b"]),
      '{"event":"pusher_internal:watchlist_events",' +
        '"data":"{\\"events\\":[{\\"name\\":\\"offline\\",\\"user_ids\\":[\\"b\\"]}]}"}',
    ],
    [
      "a published event passes its data through",
      formatChannelEvent("App\\Events\\X", "a", "hello"),
      '{"event":"App\\\\Events\\\\X","channel":"a","data":"hello"}',
    ],
    [
      "a client event names its sender on presence channels",
      formatClientEvent("client-x", "presence-a", '"{}"', "42"),
      '{"event":"client-x","channel":"presence-a","data":"{}","user_id":"42"}',
    ],
    [
      "a raw client event carries the value",
      formatClientEvent("client-x", "private-a", '{"a":1}'),
      '{"event":"client-x","channel":"private-a","data":{"a":1}}',
    ],
  ])("%s", (_sentence, text, expected) => {
    expect(text).toBe(expected);
    expect(() => JSON.parse(text) as unknown).not.toThrow();
  });
});
