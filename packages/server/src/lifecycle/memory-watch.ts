import { readMemoryUse, toPercent } from "../http/memory-use.ts";

/** Asking the operating system for every connection would cost more than the connection. */
const staleAfterMs = 1000;

/** Tells whether memory is fuller than it may be, measured at most once a second. */
export function createMemoryWatch(thresholdPercent: number): () => boolean {
  let measuredAt = Number.NEGATIVE_INFINITY;
  let isFull = false;
  return () => {
    const now = performance.now();
    if (now - measuredAt > staleAfterMs) {
      measuredAt = now;
      isFull = toPercent(readMemoryUse()) > thresholdPercent;
    }
    return isFull;
  };
}
