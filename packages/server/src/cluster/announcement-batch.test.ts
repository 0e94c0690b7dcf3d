import { describe, expect, it } from "vitest";
import type { StateChange } from "./state-change.ts";
import { AnnouncementBatch } from "./announcement-batch.ts";

const subscriptions = (count: number, channel = "a"): StateChange => ({
  type: "subscriptions",
  channel,
  count,
});

function batch(...changes: readonly StateChange[]): readonly StateChange[] {
  const announcements = new AnnouncementBatch();
  for (const change of changes) announcements.add("1", change);
  return announcements.take().flatMap((portion) => portion.changes);
}

describe("announcements of one turn", () => {
  it("tell only the last of several counts", () => {
    expect(batch(subscriptions(1), subscriptions(5, "b"), subscriptions(2), subscriptions(3))).toEqual([
      subscriptions(3),
      subscriptions(5, "b"),
    ]);
  });

  it("keep every first and last", () => {
    const changes = [1, 0, 1, 2, 0].map((count) => subscriptions(count));
    expect(batch(...changes)).toEqual([1, 0, 2, 0].map((count) => subscriptions(count)));
  });

  it("keep a channel in front of its members", () => {
    const joined: StateChange = { type: "member", channel: "a", userId: "7", sinceMs: 0 };
    const left: StateChange = { type: "member-left", channel: "a", userId: "7" };
    const changes = [subscriptions(1), joined, subscriptions(2), left, subscriptions(0)];
    expect(batch(...changes)).toEqual([subscriptions(2), joined, left, subscriptions(0)]);
  });

  it("tell how many connections there are once", () => {
    const connections = (authorised: number): StateChange => ({
      type: "connections",
      authorised,
      unauthorised: 0,
    });
    expect(batch(connections(1), connections(0), connections(2))).toEqual([connections(2)]);
  });

  it("go out in portions, and only once", () => {
    const announcements = new AnnouncementBatch();
    for (let index = 0; index < 2500; index++) announcements.add("1", subscriptions(1, String(index)));
    announcements.add("2", subscriptions(1));
    expect(announcements.take().map(({ appId, changes }) => [appId, changes.length])).toEqual([
      ["1", 1000],
      ["1", 1000],
      ["1", 500],
      ["2", 1],
    ]);
    expect(announcements.take()).toEqual([]);
  });
});
