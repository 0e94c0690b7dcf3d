import { describe, expect, it } from "vitest";
import type { StateChange } from "../state-change.ts";
import type { Topic } from "./cluster-transport.ts";
import { Interest } from "./interest.ts";

function follow(...changes: readonly StateChange[]): string[] {
  const calls: string[] = [];
  const note = (call: string) => (topic: Topic) =>
    void calls.push(`${call} ${topic.kind === "channel" ? `${topic.appId} ${topic.channel}` : topic.name}`);
  const interest = new Interest({ subscribe: note("+"), unsubscribe: note("-") });
  for (const change of changes) interest.follow("1", change);
  return calls;
}

const channel = (name: string, count: number): StateChange => ({
  type: "subscriptions",
  channel: name,
  count,
});
const user = (userId: string, count: number): StateChange => ({ type: "user", userId, count });

describe("the interest of a node", () => {
  it("begins with the first connection in a channel and ends with the last", () => {
    expect(follow(...[1, 2, 1, 0, 1].map((count) => channel("a", count)))).toEqual([
      "+ 1 a",
      "- 1 a",
      "+ 1 a",
    ]);
  });

  it("is in the channel of a user who is signed in", () => {
    expect(follow(user("7", 1), user("7", 2), user("8", 1), user("7", 0))).toEqual([
      "+ 1 #server-to-user-7",
      "+ 1 #server-to-user-8",
      "- 1 #server-to-user-7",
    ]);
  });

  it("is not in cache channels, which go to all, nor in anything else that is announced", () => {
    expect(
      follow(
        channel("cache-a", 1),
        channel("presence-cache-a", 1),
        channel("cache-a", 0),
        { type: "member", channel: "presence-a", userId: "7", sinceMs: 0 },
        { type: "connections", authorised: 1, unauthorised: 0 },
        channel("never-there", 0),
      ),
    ).toEqual([]);
  });
});
