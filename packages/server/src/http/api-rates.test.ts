import { describe, expect, it } from "vitest";
import type { ClusterCommand } from "../cluster/cluster-command.ts";
import { testApp } from "../pusher/app.test.harness.ts";
import { ManualClock } from "../pusher/manual-clock.test.harness.ts";
import { ApiRates } from "./api-rates.ts";
import { rateNoticeMs, SharedRates } from "./shared-rates.ts";

const rate = "maxBackendEventsPerSecond";
const app = testApp({ rates: { [rate]: 10 } });

/** Nodes whose commands reach all others at once, as long as the link is up. */
class RateNodes {
  readonly clock = new ManualClock();
  readonly commands: ClusterCommand[] = [];
  isLinked = true;
  readonly #nodes: ApiRates[];

  constructor(count: number) {
    this.#nodes = Array.from({ length: count }, (_, index) => this.#createNode(index));
  }

  /** As many requests as pass of so many that come to each node. */
  request(requests: number): number {
    let passed = 0;
    for (let sent = 0; sent < requests; sent++) {
      for (const node of this.#nodes) if (node.take(app, rate, 1) === undefined) passed += 1;
    }
    return passed;
  }

  #createNode(index: number): ApiRates {
    const command = (command: ClusterCommand): void => {
      if (!this.isLinked || command.type !== "rates-taken") return;
      this.commands.push(command);
      const others = this.#nodes.filter((_, other) => other !== index);
      for (const other of others) for (const taken of command.taken) other.takeElsewhere(app, taken);
    };
    const shared = new SharedRates({ cluster: { isAlone: false, command }, scheduler: this.clock });
    return new ApiRates({ now: this.clock.now, onTaken: (taken) => shared.noteTaken(taken) });
  }
}

describe("the rates of two nodes together", () => {
  it("are about the limit, not twice the limit", () => {
    const nodes = new RateNodes(2);
    let passed = 0;
    const seconds = 20;
    for (let tenth = 0; tenth < seconds * 10; tenth++) {
      passed += nodes.request(3);
      nodes.clock.advance(rateNoticeMs);
    }
    // What may be over it is what each node let through before it had heard of the other: a second's worth each.
    expect(passed).toBeGreaterThanOrEqual(10 * seconds - 10);
    expect(passed).toBeLessThanOrEqual(10 * (seconds + 2));
  });

  it("leave all of it to a node that is asked alone", () => {
    const nodes = new RateNodes(1);
    expect(nodes.request(10)).toBe(10);
    expect(nodes.request(1)).toBe(0);
  });

  it("are made up for after a burst that came to both at once", () => {
    const nodes = new RateNodes(2);
    expect(nodes.request(10)).toBe(20);
    nodes.clock.advance(1000);
    expect(nodes.request(1)).toBe(0);
    nodes.clock.advance(500);
    expect(nodes.request(1)).toBe(2);
  });

  it("are told in one message for all that was taken meanwhile, and in none while nothing is", () => {
    const nodes = new RateNodes(2);
    nodes.request(4);
    nodes.clock.advance(10 * rateNoticeMs);
    expect(nodes.commands).toEqual([
      { type: "rates-taken", taken: [{ appId: app.id, rate, tokens: 4 }] },
      { type: "rates-taken", taken: [{ appId: app.id, rate, tokens: 4 }] },
    ]);
    expect(nodes.clock.pending).toBe(0);
  });

  it("count for each node by itself while nothing joins them", () => {
    const nodes = new RateNodes(2);
    nodes.isLinked = false;
    nodes.request(10);
    nodes.clock.advance(1000);
    expect(nodes.request(10)).toBe(20);
  });
});

describe("what other nodes have taken", () => {
  it("keeps nobody out for longer than ten seconds", () => {
    const clock = new ManualClock();
    const rates = new ApiRates({ now: clock.now });
    rates.takeElsewhere(app, { appId: app.id, rate, tokens: 1_000_000 });
    clock.advance(10_000);
    expect(rates.take(app, rate, 1)).toBeDefined();
    clock.advance(100);
    expect(rates.take(app, rate, 1)).toBeUndefined();
  });

  it("does not matter to an app without limits", () => {
    const free = testApp({ rates: { [rate]: -1 } });
    const rates = new ApiRates({ now: () => 0 });
    rates.takeElsewhere(free, { appId: free.id, rate, tokens: 1000 });
    expect(rates.take(free, rate, 1000)).toBeUndefined();
  });
});
