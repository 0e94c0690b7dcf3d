import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { CloseReport } from "../node/close-report.ts";
import { defaultReceiveQueueLimits, ReceiveQueue } from "./receive-queue.ts";

// The queue compares no reports, it only hands them on.
const report = { code: 1000 } as CloseReport;
const message = (data: string): object => ({ type: "message", data });

describe("receive queue", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("gives a message that completes in the turn of a timeout to the next taker", async () => {
    const queue = new ReceiveQueue(defaultReceiveQueueLimits);
    const timedOut = queue.take({ timeoutMs: 10 });
    vi.advanceTimersByTime(10);
    queue.push("late");
    expect(await timedOut).toMatchObject({
      type: "timeout",
      failure: { name: "receive-timeout", severity: "info" },
    });
    expect(await queue.take({})).toEqual(message("late"));
  });

  it("gives a message that completes right before the timeout to the taker that waits", async () => {
    const queue = new ReceiveQueue(defaultReceiveQueueLimits);
    const taken = queue.take({ timeoutMs: 10 });
    queue.push("just in time");
    vi.advanceTimersByTime(10);
    expect(await taken).toEqual(message("just in time"));
  });

  it("serves takers first come, first served, past those that gave up", async () => {
    const queue = new ReceiveQueue(defaultReceiveQueueLimits);
    const abort = new AbortController();
    const takers = [
      queue.take({}),
      queue.take({ signal: abort.signal }),
      queue.take({ timeoutMs: 5 }),
      queue.take({}),
    ];
    abort.abort();
    vi.advanceTimersByTime(5);
    queue.push("a");
    queue.push("b");
    expect(
      (await Promise.all(takers)).map((result) => ("data" in result ? result.data : result.type)),
    ).toEqual(["a", "timeout", "timeout", "b"]);
  });

  it("only looks with a timeout of 0, and takes nothing under an aborted signal", async () => {
    const queue = new ReceiveQueue(defaultReceiveQueueLimits);
    expect((await queue.take({ timeoutMs: 0 })).type).toBe("timeout");
    queue.push("a");
    expect((await queue.take({ signal: AbortSignal.abort() })).type).toBe("timeout");
    expect(await queue.take({ timeoutMs: 0 })).toEqual(message("a"));
  });

  it("gives what waits before it says that the connection is closed", async () => {
    const queue = new ReceiveQueue(defaultReceiveQueueLimits);
    queue.push("a");
    queue.end(report);
    expect(await queue.take({})).toEqual(message("a"));
    expect(await queue.take({})).toEqual({ type: "closed", report });
    expect(await queue.take({ timeoutMs: 5 })).toEqual({ type: "closed", report });
  });

  it("tells all takers that the connection is closed", async () => {
    const queue = new ReceiveQueue(defaultReceiveQueueLimits);
    const takers = [queue.take({}), queue.take({ timeoutMs: 1000 })];
    queue.end(report);
    expect(await Promise.all(takers)).toEqual([
      { type: "closed", report },
      { type: "closed", report },
    ]);
  });

  it("waits without limit for Infinity", async () => {
    const queue = new ReceiveQueue(defaultReceiveQueueLimits);
    const taken = queue.take({ timeoutMs: Number.POSITIVE_INFINITY });
    vi.advanceTimersByTime(1e9);
    queue.push("a");
    expect(await taken).toEqual(message("a"));
  });

  it("is full at a limit and has room again at half of it", async () => {
    const byCount = new ReceiveQueue({ maxMessages: 4, maxBytes: 100 });
    for (const data of ["a", "b", "c"]) byCount.push(data);
    expect(byCount.isFull).toBe(false);
    byCount.push("d");
    expect([byCount.isFull, byCount.hasRoom]).toEqual([true, false]);
    await byCount.take({});
    expect(byCount.hasRoom).toBe(false);
    await byCount.take({});
    expect(byCount.hasRoom).toBe(true);
    const byBytes = new ReceiveQueue({ maxMessages: 4, maxBytes: 100 });
    byBytes.push("x".repeat(100));
    expect([byBytes.isFull, byBytes.hasRoom]).toEqual([true, false]);
  });
});
