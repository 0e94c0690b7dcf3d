import { describe, expect, it } from "vitest";
import { DeliveryTimer } from "./delivery-timer.ts";

const turnEnd = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("the delivery timer", () => {
  it("measures from the first message of a turn until after the immediates that were asked for before it", async () => {
    const observed: number[] = [];
    let nowMs = 1000;
    const timer = new DeliveryTimer(
      (ms) => observed.push(ms),
      () => nowMs,
    );
    // Stands for the engine's flush, which takes 5 ms.
    setImmediate(() => (nowMs += 5));
    timer.noteQueued();
    nowMs += 2;
    timer.noteQueued();
    expect(observed).toEqual([]);
    await turnEnd();
    expect(observed).toEqual([7]);
  });

  it("measures each turn anew, and nothing in turns without a message", async () => {
    const observed: number[] = [];
    let nowMs = 0;
    const timer = new DeliveryTimer(
      (ms) => observed.push(ms),
      () => nowMs,
    );
    timer.noteQueued();
    nowMs += 1;
    await turnEnd();
    nowMs += 100;
    await turnEnd();
    timer.noteQueued();
    nowMs += 3;
    await turnEnd();
    expect(observed).toEqual([1, 3]);
  });
});
