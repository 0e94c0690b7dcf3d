import { ManualClock } from "../pusher/manual-clock.test.harness.ts";
import { TestNode } from "../pusher/session.test.harness.ts";
import { describeClusterContract } from "./cluster-contract.test.harness.ts";
import { LocalClusterAdapter } from "./local-adapter.ts";

const refuse = (): never => {
  throw new Error("a cluster of one has no other node");
};

describeClusterContract({
  name: "one process",
  nodeCount: 1,
  async create(overrides) {
    const clock = new ManualClock();
    const node = new TestNode(overrides, { clock, cluster: new LocalClusterAdapter() });
    return {
      nodes: [node],
      clock,
      takeOccurrences: () => node.takeOccurrences(),
      settle: async () => undefined,
      subscribed: async () => undefined,
      kill: refuse,
      interrupt: refuse,
      add: refuse,
      stop: async () => undefined,
    };
  },
});
