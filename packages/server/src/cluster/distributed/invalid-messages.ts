/** Reports messages that make no sense: each kind from each sender once, in bounds, however many come. */
import type { Failure } from "@antiphon/websocket";
import { distributedClusterFailures } from "../../failures/distributed-cluster-failures.ts";
import type { Topic } from "./cluster-transport.ts";
import { describeTopic } from "./topics.ts";
import type { WireProblem } from "./wire-header.ts";

const maxReported = 100;

export class InvalidMessages {
  readonly #report: (failure: Failure) => void;
  readonly #reported = new Set<string>();

  constructor(report: (failure: Failure) => void) {
    this.#report = report;
  }

  /** @param sender absent where it cannot be read. */
  add(at: Topic, problem: WireProblem, sender = ""): void {
    const topic = describeTopic(at);
    const key = `${topic} ${problem} ${sender}`;
    if (this.#reported.has(key) || this.#reported.size === maxReported) return;
    this.#reported.add(key);
    this.#report(distributedClusterFailures.create("cluster-message-invalid", { topic, problem }));
  }
}
