import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type TimedItem, TimerWheel } from "./timer-wheel.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
});

afterEach(() => {
  vi.useRealTimers();
});

/** Records when its deadline fired. */
class Probe implements TimedItem {
  readonly firedAt: number[] = [];
  onFire: ((now: number) => void) | undefined;

  onDeadline(now: number): void {
    this.firedAt.push(now);
    this.onFire?.(now);
  }
}

describe("the timer wheel", () => {
  it.each([0, 1, 999, 1000, 1001, 25_000, 63_000, 64_000, 65_000, 600_000])(
    "fires once after a delay of %d ms, never early and at most two seconds late",
    (delayMs) => {
      const wheel = new TimerWheel();
      const probe = new Probe();
      vi.advanceTimersByTime(137);
      const start = performance.now();
      wheel.schedule(probe, delayMs);
      vi.advanceTimersByTime(delayMs + 2000);
      expect(probe.firedAt).toHaveLength(1);
      expect(probe.firedAt[0]! - start).toBeGreaterThanOrEqual(delayMs);
      vi.advanceTimersByTime(200_000);
      expect(probe.firedAt).toHaveLength(1);
      expect(wheel.size).toBe(0);
    },
  );

  it("does not lose an item that is due in the very millisecond of a tick", () => {
    const wheel = new TimerWheel();
    const [first, second] = [new Probe(), new Probe()];
    first.onFire = () => wheel.schedule(second, 0);
    wheel.schedule(first, 0);
    vi.advanceTimersByTime(4000);
    expect(second.firedAt).toHaveLength(1);
  });

  it("replaces the deadline that an item had", () => {
    const wheel = new TimerWheel();
    const probe = new Probe();
    wheel.schedule(probe, 5000);
    wheel.schedule(probe, 20_000);
    expect(wheel.size).toBe(1);
    vi.advanceTimersByTime(15_000);
    expect(probe.firedAt).toEqual([]);
    vi.advanceTimersByTime(7000);
    expect(probe.firedAt).toHaveLength(1);
  });

  it("hastens a later deadline and leaves a sooner one alone", () => {
    const wheel = new TimerWheel();
    const [later, sooner, none] = [new Probe(), new Probe(), new Probe()];
    wheel.schedule(later, 30_000);
    wheel.schedule(sooner, 3000);
    for (const probe of [later, sooner, none]) wheel.hasten(probe, 10_000);
    vi.advanceTimersByTime(5000);
    expect([later, sooner, none].map(({ firedAt }) => firedAt.length)).toEqual([0, 1, 0]);
    vi.advanceTimersByTime(7000);
    expect([later, sooner, none].map(({ firedAt }) => firedAt.length)).toEqual([1, 1, 1]);
  });

  it("does not fire an item that its neighbour in the slot has cancelled", () => {
    const wheel = new TimerWheel();
    const [first, second] = [new Probe(), new Probe()];
    first.onFire = () => wheel.cancel(second);
    second.onFire = () => wheel.cancel(first);
    wheel.schedule(first, 1000);
    wheel.schedule(second, 1000);
    vi.advanceTimersByTime(10_000);
    expect(first.firedAt.length + second.firedAt.length).toBe(1);
  });

  it("runs no timer while nobody has a deadline", () => {
    const wheel = new TimerWheel();
    const probe = new Probe();
    expect(vi.getTimerCount()).toBe(0);
    wheel.schedule(probe, 1000);
    expect(vi.getTimerCount()).toBe(1);
    wheel.cancel(probe);
    expect([vi.getTimerCount(), wheel.size]).toEqual([0, 0]);
  });

  it("fires everything that came due while the process was suspended, and says how late it is", () => {
    const wheel = new TimerWheel();
    const lateness: number[] = [];
    for (const delayMs of [1000, 20_000, 63_000, 100_000]) {
      const probe = new Probe();
      probe.onFire = () => lateness.push(wheel.suspendedMs);
      wheel.schedule(probe, delayMs);
    }
    // The clock jumps, and no tick came in between.
    const now = performance.now();
    const clock = vi.spyOn(performance, "now").mockReturnValue(now + 200_000);
    vi.advanceTimersToNextTimer();
    clock.mockRestore();
    expect(lateness).toHaveLength(4);
    for (const lateMs of lateness) expect(lateMs).toBeGreaterThan(190_000);
    expect(wheel.suspendedMs).toBe(0);
  });

  it("does not take a tick that is a few seconds late for a suspension", () => {
    const wheel = new TimerWheel();
    const probe = new Probe();
    let lateMs = -1;
    probe.onFire = () => {
      lateMs = wheel.suspendedMs;
    };
    wheel.schedule(probe, 1000);
    const now = performance.now();
    const clock = vi.spyOn(performance, "now").mockReturnValue(now + 8000);
    vi.advanceTimersToNextTimer();
    clock.mockRestore();
    expect(lateMs).toBe(0);
  });

  it("keeps ten thousand items apart", () => {
    const wheel = new TimerWheel();
    const probes = Array.from({ length: 10_000 }, () => new Probe());
    for (const [index, probe] of probes.entries()) wheel.schedule(probe, index * 20);
    vi.advanceTimersByTime(202_000);
    for (const [index, { firedAt }] of probes.entries()) {
      expect(firedAt).toHaveLength(1);
      expect(firedAt[0]).toBeGreaterThanOrEqual(index * 20);
    }
    expect(wheel.size).toBe(0);
  });
});
