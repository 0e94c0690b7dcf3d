import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ReadingRate } from "./reading-rate.ts";
import { TokenBucket } from "./token-bucket.ts";

describe("the token bucket", () => {
  it("gives its burst at once, and then asks to wait for as long as the debt takes to pay", () => {
    const bucket = new TokenBucket(10, 20, 0);
    for (let i = 0; i < 20; i += 1) expect(bucket.take(1, 0)).toBe(0);
    expect(bucket.take(1, 0)).toBe(100);
    expect(bucket.take(1, 0)).toBe(200);
    expect(bucket.take(1, 300)).toBe(0);
  });

  it("fills up to its burst and no further", () => {
    const bucket = new TokenBucket(10, 20, 0);
    bucket.take(20, 0);
    for (let i = 0; i < 20; i += 1) expect(bucket.take(1, 1_000_000)).toBe(0);
    expect(bucket.take(1, 1_000_000)).toBe(100);
  });

  it("never lets more through than the burst and the rate, however the calls fall", () => {
    const steps = fc.array(fc.tuple(fc.nat(300), fc.integer({ min: 1, max: 30 })), { maxLength: 60 });
    fc.assert(
      fc.property(steps, (calls) => {
        const bucket = new TokenBucket(50, 100, 0);
        let now = 0;
        let taken = 0;
        for (const [pauseMs, units] of calls) {
          now += pauseMs;
          // An obedient caller rests for as long as it is told.
          now += bucket.take(units, now);
          taken += units;
        }
        expect(taken).toBeLessThanOrEqual(100 + (now / 1000) * 50 + 1e-6);
      }),
      { numRuns: 300 },
    );
  });
});

describe("the reading rate", () => {
  it("counts messages and bytes apart, and 0 limits nothing", () => {
    const messages = new ReadingRate(5, 0, 0);
    for (let i = 0; i < 10; i += 1) expect(messages.takeMessage(0)).toBe(0);
    expect(messages.takeMessage(0)).toBe(200);
    expect(messages.takeBytes(1e9, 0)).toBe(0);

    const bytes = new ReadingRate(0, 1000, 0);
    expect(bytes.takeBytes(2000, 0)).toBe(0);
    expect(bytes.takeBytes(500, 0)).toBe(500);
    expect(bytes.takeMessage(0)).toBe(0);
  });
});
