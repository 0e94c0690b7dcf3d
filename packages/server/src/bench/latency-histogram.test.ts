import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LatencyHistogram } from "./latency-histogram.ts";

function histogramOf(latencies: readonly number[]): LatencyHistogram {
  const histogram = new LatencyHistogram();
  for (const ms of latencies) histogram.record(ms);
  return histogram;
}

describe("the latency histogram", () => {
  it("has no percentile of nothing", () => {
    expect(histogramOf([]).percentileMs(0.5)).toBeUndefined();
  });

  it("gives every percentile of one value as that value", () => {
    const histogram = histogramOf([7.5]);
    expect([0, 0.5, 1].map((share) => histogram.percentileMs(share))).toEqual([7.5, 7.5, 7.5]);
  });

  it("keeps zero and what is longer than ten minutes", () => {
    const histogram = histogramOf([0, 3_000_000]);
    expect(histogram.count).toBe(2);
    expect(histogram.maxMs).toBe(3_000_000);
    expect(histogram.percentileMs(0.5)).toBeLessThanOrEqual(0.01);
  });

  it("is never below the exact percentile, and at most 2 % above it", () => {
    const latency = fc.double({ min: 0.02, max: 100_000, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(latency, { minLength: 1, maxLength: 200 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (latencies, share) => {
          const sorted = latencies.toSorted((a, b) => a - b);
          const exact = sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1]!;
          const given = histogramOf(latencies).percentileMs(share)!;
          expect(given).toBeGreaterThanOrEqual(exact * (1 - 1e-9));
          expect(given).toBeLessThanOrEqual(exact * 1.0201);
        },
      ),
      { numRuns: 200 },
    );
  });
});
