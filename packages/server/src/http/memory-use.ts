/**
 * How full the process's memory is: of the JavaScript heap against its limit, and of the whole process against what the
 * container or the machine has. The tighter of the two is what counts. Asked by `/accept-traffic`.
 */
import { totalmem } from "node:os";
import { getHeapStatistics } from "node:v8";

/** Bytes. */
export interface MemoryUse {
  readonly usedSize: number;
  readonly totalSize: number;
}

/** The share in use, in percent with two decimals. */
export function toPercent({ usedSize, totalSize }: MemoryUse): number {
  return Math.round((usedSize / totalSize) * 10_000) / 100;
}

/** Measures this process. */
export function readMemoryUse(): MemoryUse {
  const statistics = getHeapStatistics();
  const heap = { usedSize: statistics.used_heap_size, totalSize: statistics.heap_size_limit };
  // 0 or a huge number where no container limits the process.
  const constrained = process.constrainedMemory() || Number.POSITIVE_INFINITY;
  const whole = { usedSize: process.memoryUsage.rss(), totalSize: Math.min(constrained, totalmem()) };
  return toPercent(heap) > toPercent(whole) ? heap : whole;
}
