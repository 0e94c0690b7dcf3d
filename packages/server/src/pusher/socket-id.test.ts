import { randomInt } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createSocketId, isSocketId } from "./socket-id.ts";

describe("socket ids", () => {
  it("have the form that SDKs check, in at most 21 characters", () => {
    for (let count = 0; count < 100; count++) {
      const socketId = createSocketId(randomInt, () => false);
      expect(isSocketId(socketId)).toBe(true);
      expect(socketId.length).toBeLessThanOrEqual(21);
    }
    expect(
      createSocketId(
        (_min, max) => max - 1,
        () => false,
      ),
    ).toBe("9999999999.9999999999");
  });

  it("are made anew while they are taken", () => {
    const numbers = [1, 2, 3, 4];
    const next = (): number => numbers.shift() ?? 0;
    expect(createSocketId(next, (socketId) => socketId === "1.2")).toBe("3.4");
  });

  it.each(["", "1", "1.", ".1", "1.2.3", "a.b", "1.2\n", " 1.2", "-1.2"])("are not %j", (text) => {
    expect(isSocketId(text)).toBe(false);
  });
});
