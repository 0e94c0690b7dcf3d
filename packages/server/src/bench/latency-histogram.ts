/** Latencies in buckets that grow with them: percentiles within 2 %, in a few kilobytes however many are recorded. */

const growth = 1.02;
const smallestMs = 0.01;
const largestMs = 600_000;
const logGrowth = Math.log(growth);
const bucketCount = Math.ceil(Math.log(largestMs / smallestMs) / logGrowth) + 2;

export class LatencyHistogram {
  readonly #buckets = new Uint32Array(bucketCount);
  #count = 0;
  #maxMs = 0;

  get count(): number {
    return this.#count;
  }

  /** Exact, unlike the percentiles. */
  get maxMs(): number {
    return this.#maxMs;
  }

  record(ms: number): void {
    const bucket = ms <= smallestMs ? 0 : Math.ceil(Math.log(ms / smallestMs) / logGrowth);
    this.#buckets[Math.min(bucket, bucketCount - 1)]! += 1;
    this.#count += 1;
    if (ms > this.#maxMs) this.#maxMs = ms;
  }

  /** The latency that this share of all stayed at or below, rounded up by at most 2 %; `undefined` without any. */
  percentileMs(share: number): number | undefined {
    const wanted = Math.max(1, Math.ceil(share * this.#count));
    let seen = 0;
    for (let bucket = 0; bucket < bucketCount; bucket += 1) {
      seen += this.#buckets[bucket]!;
      if (this.#count > 0 && seen >= wanted) return Math.min(smallestMs * growth ** bucket, this.#maxMs);
    }
    return undefined;
  }
}
