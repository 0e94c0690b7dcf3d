import { describe, expect, it } from "vitest";
import { ManualClock } from "../pusher/manual-clock.test.harness.ts";
import { StoreCalls } from "./store-calls.ts";

function start() {
  const clock = new ManualClock();
  const told: string[] = [];
  const calls = new StoreCalls({
    scheduler: clock,
    random: () => 1,
    onAway: (error) => told.push(`away: ${(error as Error).message}`),
    onBack: () => told.push("back"),
  });
  return { clock, told, calls };
}

const fail = () => Promise.reject(new Error("refused"));

describe("calls of a store", () => {
  it("give their answers, or none", async () => {
    const { calls, clock } = start();
    expect(await calls.tryOnce(() => Promise.resolve(7))).toBe(7);
    expect(await calls.tryOnce(fail)).toBeUndefined();
    expect(clock.pending).toBe(0);
  });

  it("tell of an outage once, and of its end", async () => {
    const { calls, told } = start();
    for (let count = 0; count < 3; count++) await calls.tryOnce(fail);
    await calls.tryOnce(() => Promise.resolve(1));
    await calls.tryOnce(() => Promise.resolve(1));
    await calls.tryOnce(fail);
    expect(told).toEqual(["away: refused", "back", "away: refused"]);
  });

  it("count one that does not answer in time as failed", async () => {
    const { calls, told, clock } = start();
    const answer = calls.tryOnce(() => new Promise(() => {}));
    clock.advance(10_000);
    expect(await answer).toBeUndefined();
    expect(told).toEqual(["away: no answer within 10000 ms"]);
  });

  it("wait longer after each failure, up to five seconds, and shortly after a success", async () => {
    const { calls, clock } = start();
    const waits: number[] = [];
    const measure = () => {
      let waited = 0;
      const before = clock.now();
      calls.later(() => (waited = clock.now() - before));
      clock.advance(5000);
      waits.push(waited);
    };
    for (let count = 0; count < 8; count++) {
      await calls.tryOnce(fail);
      measure();
    }
    await calls.tryOnce(() => Promise.resolve(1));
    measure();
    expect(waits).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000, 100]);
  });
});
