import { describe, expect, it } from "vitest";
import { retryDelayMs } from "./retry.ts";

describe("the wait before a retry", () => {
  it("doubles from 1 s to 60 s", () => {
    const delays = [1, 2, 3, 4, 5, 6, 7, 8, 100].map((failed) => retryDelayMs(failed, 0.5));
    expect(delays).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  it("is a quarter more or less at random", () => {
    expect([retryDelayMs(1, 0), retryDelayMs(1, 1)]).toEqual([750, 1250]);
  });
});
