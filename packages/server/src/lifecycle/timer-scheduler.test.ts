import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { timerScheduler } from "./timer-scheduler.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("the process's timers", () => {
  it("wait as long as they can for a delay that is longer, instead of not at all", () => {
    let ran = 0;
    const cancel = timerScheduler.schedule(365 * 24 * 3_600_000, () => ran++);
    vi.advanceTimersByTime(24 * 24 * 3_600_000);
    expect(ran).toBe(0);
    cancel();
    expect(vi.getTimerCount()).toBe(0);
  });
});
