import { describe, expect, it } from "vitest";
import { TokenBucket } from "./token-bucket.ts";

describe("a token bucket", () => {
  it("gives a second's worth at once, and the rest as time passes", () => {
    const bucket = new TokenBucket(10, 0);
    expect(bucket.take(10, 0)).toBe(0);
    expect(bucket.take(1, 0)).toBe(100);
    expect(bucket.take(1, 100)).toBe(0);
    expect(bucket.take(2, 200)).toBe(100);
  });

  it("saves no more than a second's worth", () => {
    const bucket = new TokenBucket(10, 0);
    expect(bucket.take(10, 60_000)).toBe(0);
    expect(bucket.remaining).toBe(0);
  });

  it("lets what costs more than a second's worth pass when full, and makes up for it", () => {
    const bucket = new TokenBucket(10, 0);
    expect(bucket.take(30, 0)).toBe(0);
    expect(bucket.take(1, 1000)).toBe(1100);
    expect(bucket.take(1, 2100)).toBe(0);
  });

  it("of rate 0 gives nothing, ever", () => {
    expect(new TokenBucket(0, 0).take(1, 1_000_000)).toBe(Number.POSITIVE_INFINITY);
  });

  it("gives nothing back when the clock is set back", () => {
    const bucket = new TokenBucket(1, 10_000);
    expect(bucket.take(1, 10_000)).toBe(0);
    expect(bucket.take(1, 5000)).toBe(1000);
  });
});
