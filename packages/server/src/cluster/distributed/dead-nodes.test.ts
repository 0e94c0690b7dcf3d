import { describe, expect, it } from "vitest";
import { DeadNodes } from "./dead-nodes.ts";

const instance = "i";

describe("the nodes that were given up", () => {
  it("are known by the life that ended, and those before", () => {
    const dead = new DeadNodes(1000);
    dead.add({ instance, life: 2 }, 0, undefined);
    expect([1, 2, 3].map((life) => dead.has({ instance, life }))).toEqual([true, true, false]);
    expect(dead.has({ instance: "other", life: 1 })).toBe(false);
  });

  it("are told so from time to time, not with every message", () => {
    const dead = new DeadNodes(1000);
    dead.add({ instance, life: 2 }, 0, undefined);
    const told = [0, 1, 999, 1000, 1500, 2000].map((nowMs) => dead.shouldTell({ instance, life: 2 }, nowMs));
    expect(told).toEqual([true, false, false, true, false, true]);
    expect(dead.shouldTell({ instance: "other", life: 1 }, 0)).toBe(false);
  });

  it("are forgotten when they live again, but for when all that they told was known", () => {
    const dead = new DeadNodes(1000);
    dead.add({ instance, life: 2 }, 5, 3);
    expect(dead.forget(instance)).toBe(3);
    expect(dead.has({ instance, life: 2 })).toBe(false);
    expect(dead.forget(instance)).toBeUndefined();
  });

  it("are forgotten after an hour, and the oldest when there are a thousand", () => {
    const dead = new DeadNodes(1000);
    for (let each = 0; each <= 1000; each++) dead.add({ instance: `${each}`, life: 1 }, 0, undefined);
    expect([0, 1, 1000].map((each) => dead.has({ instance: `${each}`, life: 1 }))).toEqual([
      false,
      true,
      true,
    ]);
    dead.add({ instance, life: 1 }, 60 * 60_000, undefined);
    expect(dead.has({ instance: "1000", life: 1 })).toBe(false);
    expect(dead.has({ instance, life: 1 })).toBe(true);
  });
});
