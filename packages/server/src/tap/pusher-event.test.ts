import { describe, expect, it } from "vitest";
import { readPusherEvent } from "./pusher-event.ts";

describe("readPusherEvent", () => {
  it("finds the channel beside the event, in its data, and in data that is a string", () => {
    expect(readPusherEvent('{"event":"e","channel":"c","data":"x"}')).toEqual({ name: "e", channel: "c" });
    expect(readPusherEvent('{"event":"pusher:subscribe","data":{"channel":"c"}}')).toEqual({
      name: "pusher:subscribe",
      channel: "c",
    });
    expect(readPusherEvent('{"event":"pusher:subscribe","data":"{\\"channel\\":\\"c\\"}"}')?.channel).toBe(
      "c",
    );
  });

  it("tells the socket id of a greeting, and code and message of an error", () => {
    expect(
      readPusherEvent('{"event":"pusher:connection_established","data":"{\\"socket_id\\":\\"1.2\\"}"}')
        ?.detail,
    ).toBe("socket 1.2");
    expect(readPusherEvent('{"event":"pusher:error","data":{"code":4009,"message":"no"}}')?.detail).toBe(
      '4009 "no"',
    );
  });

  it("is not misled by other text", () => {
    for (const text of ["hello", "{", '{"event":1}', '["event"]', '{"x":"\\"event\\""}']) {
      expect(readPusherEvent(text)).toBeUndefined();
    }
  });

  it("makes names safe to print", () => {
    expect(readPusherEvent('{"event":"a\\u001b[2J"}')?.name).toBe("a\\x1b[2J");
  });
});
