import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatConnectionEstablished,
  formatError,
  formatMemberAdded,
  formatMemberRemoved,
  formatSubscriptionError,
  formatSubscriptionSucceeded,
} from "../pusher/outgoing-events.ts";
import { PresenceList } from "./presence-list.ts";
import { findSubscriptionRefusal, readGreeting, readServerEvent } from "./server-event.ts";

const nameOf = (message: string): string | undefined => {
  const result = readGreeting(message, "k");
  return result.ok ? undefined : result.failure.name;
};

describe("a greeting", () => {
  it("gives socket id and activity timeout", () => {
    expect(readGreeting(formatConnectionEstablished("1.2", 120), "k")).toEqual({
      ok: true,
      greeting: { socketId: "1.2", activityTimeoutSeconds: 120 },
    });
  });

  it.each([
    [4000, "app-tls-required"],
    [4001, "app-key-unknown"],
    [4004, "app-connections-exceeded"],
    [4009, "origin-not-allowed"],
    [4200, "node-draining"],
    [4999, "pusher-connection-refused"],
    [null, "pusher-connection-refused"],
  ])("that is pusher:error %s is %s, in the profiles with an object and with a string", (code, name) => {
    expect(nameOf(formatError("pusher", code, "No."))).toBe(name);
    expect(nameOf(formatError("reverb", code, "No."))).toBe(name);
  });

  it("of any text never throws", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(readGreeting(text, undefined).ok).toBe(false);
      }),
      { numRuns: 200 },
    );
    expect(readGreeting(Uint8Array.of(1, 2), undefined).ok).toBe(false);
  });
});

describe("a refused subscription", () => {
  it("is named from the server's sentence, without the fix that stands behind it", () => {
    const event = readServerEvent(
      formatSubscriptionError("private-a", "AuthError", "Invalid signature: the secret differs.", 401),
    )!;
    expect(findSubscriptionRefusal(event, "private-a")).toMatchObject({
      name: "subscribe-signature-mismatch",
      message: "Invalid signature: the secret differs.",
    });
    expect(findSubscriptionRefusal(event, "private-b")).toBeUndefined();
  });

  it("without a sentence that is known keeps what the server said", () => {
    const event = readServerEvent(formatSubscriptionError("a", "LimitReached", "Too many.", 403))!;
    expect(findSubscriptionRefusal(event, "a")?.message).toBe("The subscription to a was refused: Too many.");
  });
});

describe("the members of a presence channel", () => {
  it("are the snapshot, joins and leaves", () => {
    const list = new PresenceList();
    const apply = (message: string): readonly string[] => {
      list.apply(readServerEvent(message)!);
      return list.members;
    };
    const snapshot = '{"presence":{"count":2,"ids":["a","7"],"hash":{"a":null,"7":null}}}';
    expect(apply(formatSubscriptionSucceeded("presence-x", snapshot))).toEqual(["a", "7"]);
    expect(apply(formatMemberAdded("presence-x", 8, undefined))).toEqual(["a", "7", "8"]);
    expect(apply(formatMemberRemoved("presence-x", 7))).toEqual(["a", "8"]);
    expect(apply('{"event":"news","channel":"presence-x","data":"{}"}')).toEqual(["a", "8"]);
  });
});
