import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemoryWebhookQueue, type QueuedEvent } from "./webhook-queue.ts";

const roomy = { maxEvents: 1000, maxBytes: 1_000_000 };

function fill(queue: MemoryWebhookQueue, events: string) {
  for (const event of events.split(" ")) queue.add(event.slice(0, 1), event);
}

function takeText(queue: MemoryWebhookQueue, max: number) {
  const taken = queue.take(max);
  return { taken, text: taken.map(({ json }) => json).join(" ") };
}

describe("the queue in memory", () => {
  it("gives events in their order, as many as are wanted", () => {
    const queue = new MemoryWebhookQueue(roomy);
    fill(queue, "a1 b1 a2 c1");
    expect(takeText(queue, 3).text).toBe("a1 b1 a2");
    expect(takeText(queue, 3).text).toBe("c1");
    expect(takeText(queue, 3).text).toBe("");
  });

  it("holds a channel back until what was taken of it is settled", () => {
    const queue = new MemoryWebhookQueue(roomy);
    fill(queue, "a1 a2 b1 a3");
    const first = takeText(queue, 1);
    expect(first.text).toBe("a1");
    expect(takeText(queue, 5).text).toBe("b1");
    queue.settle(first.taken);
    expect(takeText(queue, 5).text).toBe("a2 a3");
  });

  it("drops the oldest that wait when there are too many, never what is taken", () => {
    const queue = new MemoryWebhookQueue({ maxEvents: 2, maxBytes: 1000 });
    fill(queue, "a1");
    const { taken } = takeText(queue, 1);
    fill(queue, "a2 b1");
    expect(queue.add("c", "c1")).toBe(1);
    queue.settle(taken);
    expect(takeText(queue, 5).text).toBe("b1 c1");
  });

  it("drops as many as a large one needs, even that one itself", () => {
    const queue = new MemoryWebhookQueue({ maxEvents: 10, maxBytes: 20 });
    fill(queue, "a1 a2 a3");
    expect(queue.add("b", "12345678")).toBe(2);
    expect(queue.depth()).toBe(2);
    expect(queue.add("c", "x".repeat(11))).toBe(3);
    expect(queue.depth()).toBe(0);
  });

  it("costs the same for an event, however many wait behind one that is taken", () => {
    const queue = new MemoryWebhookQueue({ maxEvents: 200_000, maxBytes: 1e9 });
    queue.add("a", "first");
    queue.take(1);
    const startedMs = performance.now();
    for (let count = 0; count < 100_000; count++) {
      queue.add("a", "next");
      queue.take(1);
    }
    // In proportion to what waits it would take minutes.
    expect(performance.now() - startedMs).toBeLessThan(10_000);
    expect(queue.depth()).toBe(100_000);
  });

  it("gives every channel its turn", () => {
    const queue = new MemoryWebhookQueue(roomy);
    fill(queue, "a1 a2 a3 b1");
    const first = takeText(queue, 1);
    queue.settle(first.taken);
    expect([takeText(queue, 1).text, takeText(queue, 1).text]).toEqual(["b1", "a2"]);
  });

  it("keeps the order of each channel whatever is added, taken and settled", () => {
    const step = fc.oneof(
      fc.record({ add: fc.constantFrom("a", "b", "c") }),
      fc.record({ take: fc.integer({ min: 1, max: 4 }) }),
      fc.record({ settle: fc.nat(3) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const queue = new MemoryWebhookQueue(roomy);
        const last = new Map<string, number>();
        const open: (readonly QueuedEvent[])[] = [];
        let count = 0;
        for (const each of steps) {
          if ("add" in each) queue.add(each.add, String(++count));
          else if ("settle" in each) for (const taken of open.splice(each.settle, 1)) queue.settle(taken);
          else {
            const taken = queue.take(each.take);
            const busy = new Set(open.flat().map(({ channel }) => channel));
            for (const { channel, json } of taken) {
              expect(busy.has(channel)).toBe(false);
              expect(Number(json)).toBeGreaterThan(last.get(channel) ?? 0);
              last.set(channel, Number(json));
            }
            if (taken.length > 0) open.push(taken);
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});
