import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { runPaced } from "./paced-loop.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
});

afterEach(() => {
  vi.useRealTimers();
});

function start(perSecond: number, durationMs: number, signal = new AbortController().signal) {
  const calls: [atMs: number, dueMs: number, index: number][] = [];
  const startedAt = performance.now();
  const done = runPaced({
    perSecond,
    durationMs,
    signal,
    call: (dueMs, index) => calls.push([performance.now() - startedAt, Math.round(dueMs - startedAt), index]),
  });
  return { calls, done };
}

describe("the paced loop", () => {
  it("calls as often as the rate asks for, each with its due time, and ends after the time", async () => {
    const { calls, done } = start(100, 30);
    vi.advanceTimersByTime(1000);
    expect(await done).toBe(3);
    expect(calls).toEqual([
      [10, 10, 0],
      [20, 20, 1],
      [30, 30, 2],
    ]);
  });

  it("makes several calls in one tick where the rate is higher than the clock's", async () => {
    const { calls, done } = start(1000, 5);
    vi.advanceTimersByTime(5);
    expect(await done).toBe(5);
    expect(calls.map(([atMs, dueMs]) => [atMs, dueMs])).toEqual([
      [5, 1],
      [5, 2],
      [5, 3],
      [5, 4],
      [5, 5],
    ]);
  });

  it("lasts as long without anything to call", async () => {
    const { calls, done } = start(0, 50);
    let isDone = false;
    void done.then(() => (isDone = true));
    await vi.advanceTimersByTimeAsync(45);
    expect(isDone).toBe(false);
    await vi.advanceTimersByTimeAsync(5);
    expect(isDone).toBe(true);
    expect(calls).toEqual([]);
  });

  it("stops at an abort, before it and after it has begun", async () => {
    const stop = new AbortController();
    const { calls, done } = start(100, 1000, stop.signal);
    vi.advanceTimersByTime(20);
    stop.abort();
    vi.advanceTimersByTime(1000);
    expect(await done).toBe(2);
    expect(calls).toHaveLength(2);
    expect(await start(100, 1000, AbortSignal.abort()).done).toBe(0);
  });
});
