import { describe, expect, it } from "vitest";
import type { StateChange } from "../cluster/state-change.ts";
import { TestNode } from "../pusher/session.test.harness.ts";
import { AppHubs } from "./app-hubs.ts";
import { ClusterReplica } from "./cluster-replica.ts";

describe("the replica", () => {
  it("looks through what a node has told anew in portions, and takes away what is not part of it", () => {
    const { hub } = new TestNode();
    const hubs = new AppHubs(() => hub);
    const later: (() => void)[] = [];
    const replica = new ClusterReplica({
      hubs,
      findApp: () => hub.app,
      raise: () => undefined,
      defer: (task) => later.push(task),
    });
    const names = Array.from({ length: 1200 }, (_, index) => `c-${index}`);
    const tell = (channels: readonly string[]): void => {
      const changes = channels.map((channel): StateChange => ({ type: "subscriptions", channel, count: 1 }));
      replica.changed("n", hub.app.id, changes);
    };
    replica.nodeJoined("n");
    tell(names);
    replica.synchronising("n");
    tell(names.slice(0, -1));
    replica.synchronised("n");
    let turns = 1;
    for (let task = later.shift(); task; task = later.shift(), turns++) task();
    expect(turns).toBe(3);
    expect([...hub.channels().keys()]).toEqual(names.slice(0, -1));
  });
});
