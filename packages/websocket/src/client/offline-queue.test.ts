import { describe, expect, it } from "vitest";
import { OfflineQueue } from "./offline-queue.ts";

function flushAll(queue: OfflineQueue, now = 0): (string | Uint8Array)[] {
  const sent: (string | Uint8Array)[] = [];
  queue.flush(now, (data) => sent.push(data) > 0);
  return sent;
}

describe("offline queue", () => {
  it("gives messages back in order, once", () => {
    const queue = new OfflineQueue();
    expect(queue.push("a", 0)).toEqual({ isHeld: true });
    queue.push("b", 0);
    expect(flushAll(queue)).toEqual(["a", "b"]);
    expect(queue.size).toBe(0);
  });

  it("keeps what was not taken", () => {
    const queue = new OfflineQueue();
    for (const data of ["a", "b", "c"]) queue.push(data, 0);
    queue.flush(0, (data) => data === "a");
    expect(flushAll(queue)).toEqual(["b", "c"]);
  });

  it("rejects the newest when full", () => {
    const queue = new OfflineQueue({ maxMessages: 1 });
    queue.push("a", 0);
    const { isHeld, overflow } = queue.push("b", 0);
    expect(isHeld).toBe(false);
    expect(overflow?.message).toBe(
      "The offline queue is full with 1 messages of 1 bytes; the newest was dropped.",
    );
    expect(flushAll(queue)).toEqual(["a"]);
  });

  it("drops the oldest when full if told to, until the new one fits", () => {
    const queue = new OfflineQueue({ maxBytes: 4, overflow: "drop-oldest" });
    for (const data of ["aa", "b", "c"]) queue.push(data, 0);
    expect(queue.push("ddd", 0)).toMatchObject({
      isHeld: true,
      overflow: { name: "offline-queue-overflow" },
    });
    expect(flushAll(queue)).toEqual(["c", "ddd"]);
  });

  it("never drops others for a message that can never fit", () => {
    const queue = new OfflineQueue({ maxBytes: 4, overflow: "drop-oldest" });
    queue.push("a", 0);
    expect(queue.push("eeeee", 0).isHeld).toBe(false);
    expect(flushAll(queue)).toEqual(["a"]);
  });

  it("forgets messages older than their time to live", () => {
    const queue = new OfflineQueue({ ttlMs: 100 });
    queue.push("old", 0);
    queue.push("new", 50);
    expect(flushAll(queue, 100)).toEqual(["new"]);
  });
});
