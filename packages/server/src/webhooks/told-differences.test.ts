import { describe, expect, it } from "vitest";
import type { ChannelView } from "./leading-view.ts";
import { findDifferences } from "./told-differences.ts";
import { describeEdge, keyOf, type Occupant } from "./webhook-edge.ts";

const all = ["channel_occupied", "channel_vacated", "member_added", "member_removed"] as const;

function view(occupants: readonly Occupant[]): ChannelView {
  const keys = new Set(occupants.map(keyOf));
  return { occupants: () => occupants, isPresent: (occupant) => keys.has(keyOf(occupant)) };
}

function compare(
  told: readonly Occupant[],
  present: readonly Occupant[],
  webhook: Parameters<typeof findDifferences>[2] = { eventTypes: all },
) {
  return [...findDifferences(new Set(told.map(keyOf)), view(present), webhook)].filter(
    (difference) => difference !== undefined,
  );
}

const room = { channel: "presence-a" };
const anna = { ...room, userId: "anna" };
const bert = { ...room, userId: "bert" };

describe("what is to be told yet", () => {
  it("is nothing where the receiver knows what is so", () => {
    expect(compare([room, anna], [room, anna])).toEqual([]);
  });

  it("is everything that is there, for a receiver that was never told anything", () => {
    expect(compare([], [room, anna])).toEqual([describeEdge(room, true), describeEdge(anna, true)]);
  });

  it("has members go before their channel", () => {
    expect(compare([room, anna, bert], [])).toEqual([
      describeEdge(anna, false),
      describeEdge(bert, false),
      describeEdge(room, false),
    ]);
  });

  it("leaves out what the webhook is not for, though it was told before", () => {
    expect(compare([anna], [room, bert], { eventTypes: ["channel_vacated"] })).toEqual([
      describeEdge(room, true),
    ]);
    const filter = { channelNameStartsWith: "b" };
    expect(compare([anna], [room, bert], { eventTypes: all, filter })).toEqual([]);
  });

  it("gives an answer for each thing, so that the work can be shared out", () => {
    expect([
      ...findDifferences(new Set(["a", "b"]), view([{ channel: "a" }]), { eventTypes: all }),
    ]).toHaveLength(5);
  });
});
