import { describe, expect, it } from "vitest";
import { ManualClock } from "../../pusher/manual-clock.test.harness.ts";
import type { StateChange } from "../state-change.ts";
import { maxReaders, type SnapshotAnswer, SnapshotSource } from "./snapshot-source.ts";
import { maxChangesTogether } from "./wire-message.ts";

const patienceMs = 1000;

class TestSource {
  readonly clock = new ManualClock();
  readonly source: SnapshotSource;
  /** Read when it is asked for. */
  readonly counts = new Map<string, number>();

  constructor(channels: number) {
    for (let index = 0; index < channels; index++) this.counts.set(`a-${index}`, 1);
    this.source = new SnapshotSource({
      describeOwnState: () => this.#describe(),
      describeCachedEvents: (withinMs) => (withinMs > 0 ? [["1", cached(`within-${withinMs}`)]] : []),
      patienceMs,
      scheduler: this.clock,
    });
  }

  ask(portion: number, id = 1, requester = "r", cachedWithinMs = 0): SnapshotAnswer | "busy" | undefined {
    return this.source.answer(requester, { type: "snapshot-request", id, portion, cachedWithinMs });
  }

  *#describe(): Iterable<readonly [string, StateChange]> {
    for (const [channel, count] of this.counts) yield ["1", { type: "subscriptions", channel, count }];
  }
}

function cached(name: string): StateChange {
  return { type: "cached", channel: "cache-a", name, data: "", storedAtMs: 0, leftMs: 1 };
}

function read(answer: SnapshotAnswer | "busy" | undefined): StateChange[] {
  if (answer === undefined || answer === "busy") throw new Error(`the answer is ${answer}`);
  return answer.apps.flatMap(({ json }) => json.map((each) => JSON.parse(each) as StateChange));
}

describe("the source of a snapshot", () => {
  it("tells all in portions, each as it is when it is asked for", () => {
    const test = new TestSource(maxChangesTogether + 2);
    expect(read(test.ask(0))).toHaveLength(maxChangesTogether);
    test.counts.delete(`a-${maxChangesTogether}`);
    test.counts.set(`a-${maxChangesTogether + 1}`, 9);
    test.counts.set("a-0", 5);
    const last = test.ask(1);
    expect(last).toMatchObject({ done: true });
    expect(read(last)).toEqual([{ type: "subscriptions", channel: `a-${maxChangesTogether + 1}`, count: 9 }]);
    expect(test.ask(2)).toBeUndefined();
  });

  it("tells the cached events of the time that is asked for", () => {
    expect(read(new TestSource(0).ask(0, 1, "r", 5))).toEqual([cached("within-5")]);
  });

  it("answers nothing to who asks for a portion that is over, or of another reading", () => {
    const test = new TestSource(3 * maxChangesTogether);
    read(test.ask(0));
    read(test.ask(1));
    expect([test.ask(1), test.ask(3), test.ask(2, 9), test.ask(2, 1, "other")]).toEqual(
      Array(4).fill(undefined),
    );
    expect(read(test.ask(0, 2))).toHaveLength(maxChangesTogether);
    expect(test.ask(2)).toBeUndefined();
  });

  it("is busy when too many read at a time, until one is done or comes no more", () => {
    const test = new TestSource(maxChangesTogether + 1);
    for (let reader = 0; reader < maxReaders; reader++) read(test.ask(0, 1, `${reader}`));
    expect(test.ask(0)).toBe("busy");
    read(test.ask(1, 1, "0"));
    expect(read(test.ask(0))).toHaveLength(maxChangesTogether);
    expect(test.ask(0, 1, "late")).toBe("busy");
    test.clock.advance(patienceMs);
    expect(read(test.ask(0, 1, "late"))).toHaveLength(maxChangesTogether);
    expect(test.ask(1, 1, "5")).toBeUndefined();
  });

  it("leaves no timer behind", () => {
    const test = new TestSource(2 * maxChangesTogether);
    read(test.ask(0));
    read(test.ask(1));
    expect(test.clock.pending).toBe(1);
    test.source.close();
    expect(test.clock.pending).toBe(0);
  });
});
