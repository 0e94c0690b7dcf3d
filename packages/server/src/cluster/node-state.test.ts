import { describe, expect, it } from "vitest";
import { NodeState } from "./node-state.ts";
import type { StateChange } from "./state-change.ts";

const state = (...changes: readonly StateChange[]): NodeState => {
  const made = new NodeState();
  for (const change of changes) made.apply(change);
  return made;
};

const room: StateChange = { type: "subscriptions", channel: "presence-a", count: 2 };
const ann: StateChange = { type: "member", channel: "presence-a", userId: "ann", sinceMs: 1 };
const bob: StateChange = { type: "member", channel: "presence-a", userId: 7, sinceMs: 2 };
const user: StateChange = { type: "user", userId: "ann", count: 1 };
const connections: StateChange = { type: "connections", authorised: 2, unauthorised: 0 };

describe("the state of a node", () => {
  it("is described as it was told, without what is no longer so", () => {
    const described = state(
      connections,
      { type: "subscriptions", channel: "gone", count: 1 },
      room,
      ann,
      bob,
      user,
      { type: "user", userId: "gone", count: 1 },
      { type: "subscriptions", channel: "gone", count: 0 },
      { type: "user", userId: "gone", count: 0 },
      { type: "member-left", channel: "presence-a", userId: "7" },
    ).describe();
    expect([...described]).toEqual([connections, room, ann, user]);
  });

  it("is taken back with members before their channel", () => {
    expect([...state(connections, room, ann, bob, user).describeRemoval()]).toEqual([
      { type: "member-left", channel: "presence-a", userId: "ann" },
      { type: "member-left", channel: "presence-a", userId: "7" },
      { type: "subscriptions", channel: "presence-a", count: 0 },
      { type: "user", userId: "ann", count: 0 },
      { type: "connections", authorised: 0, unauthorised: 0 },
    ]);
  });

  it("of one channel is taken back by its members", () => {
    const described = state(room, ann, { ...room, channel: "presence-b" }).describeLeaving("presence-a");
    expect([...described]).toEqual([{ type: "member-left", channel: "presence-a", userId: "ann" }]);
    expect([...state(room).describeLeaving("presence-a"), ...state().describeLeaving("presence-a")]).toEqual(
      [],
    );
  });

  it("holds no member of a channel that it was not told of", () => {
    const made = new NodeState();
    expect([ann, room, ann].map((change) => made.apply(change))).toEqual([false, true, true]);
  });

  it("is taken back only as far as it is not kept", () => {
    const kept = state(connections, { ...room, count: 1 }, ann);
    const removal = [...state(connections, room, ann, bob, user).describeRemoval()];
    expect(removal.filter((change) => !kept.wouldLose(change))).toEqual([
      { type: "member-left", channel: "presence-a", userId: "7" },
      { type: "user", userId: "ann", count: 0 },
    ]);
  });
});
