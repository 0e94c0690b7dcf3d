import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concernsTypes, describeEdge, edgeOf, isEdge, keyOf, readKey } from "./webhook-edge.ts";

describe("edges", () => {
  it("are what changes a channel or a member, and say to what", () => {
    expect(edgeOf(describeEdge({ channel: "a" }, true))).toEqual({ key: "a", present: true });
    expect(edgeOf(describeEdge({ channel: "presence-a", userId: "7" }, false))).toEqual({
      key: 'presence-a\0"7"',
      present: false,
    });
    expect(isEdge({ name: "cache_miss", channel: "a" })).toBe(false);
  });

  it("have keys that give back the thing, whatever its user is called, and that every store can hold", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (userId) => {
        const occupant = { channel: "presence-a", userId };
        const key = keyOf(occupant);
        expect(readKey(Buffer.from(key).toString())).toEqual(occupant);
      }),
      { numRuns: 200, examples: [["\ud800"], ["\0"], [""]] },
    );
    expect(readKey("a")).toEqual({ channel: "a" });
    expect(readKey("a\0broken")).toBeUndefined();
    expect(readKey("a\x007")).toBeUndefined();
  });

  it("concern a webhook that wants one half of their pair", () => {
    expect(concernsTypes(["channel_vacated"], { channel: "a" })).toBe(true);
    expect(concernsTypes(["channel_vacated"], { channel: "a", userId: "7" })).toBe(false);
    expect(concernsTypes(["member_added"], { channel: "a", userId: "7" })).toBe(true);
    expect(concernsTypes(["cache_miss"], { channel: "a" })).toBe(false);
  });
});
