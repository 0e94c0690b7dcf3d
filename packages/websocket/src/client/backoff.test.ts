import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defaultBackoff, drawBackoff, drawRestartWait, raiseToRetryAfter } from "./backoff.ts";

const almostOne = 0.999_999;

describe("wait before an attempt (RFC 6455 §7.2.3)", () => {
  it.each([
    [0, 5000],
    [1, 2000],
    [2, 4000],
    [4, 16_000],
    [5, 30_000],
    [1000, 30_000],
  ])("after %d failed attempts is uniform up to %d ms", (failedAttempts, most) => {
    expect(drawBackoff(failedAttempts, almostOne, defaultBackoff)).toBe(most);
    expect(drawBackoff(failedAttempts, 0.5, defaultBackoff)).toBe(most / 2);
    expect(drawBackoff(failedAttempts, 0, defaultBackoff)).toBe(250);
  });

  it("is never outside of floor and cap", () => {
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.nat(), random, (failedAttempts, drawn) => {
        const waitMs = drawBackoff(failedAttempts, drawn, defaultBackoff);
        return waitMs >= 250 && waitMs <= 30_000;
      }),
    );
  });

  it("after a restart is 5 to 30 s", () => {
    expect([0, almostOne].map((random) => drawRestartWait(random, defaultBackoff))).toEqual([5000, 30_000]);
  });

  it("comes on top of Retry-After, which counts up to ten minutes", () => {
    expect(raiseToRetryAfter(400, undefined, defaultBackoff)).toBe(400);
    expect(raiseToRetryAfter(400, 7000, defaultBackoff)).toBe(7400);
    expect(raiseToRetryAfter(400, 1e9, defaultBackoff)).toBe(600_400);
  });
});
