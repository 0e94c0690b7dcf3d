/** Medians and spread of a few samples. */

export interface Summary {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly rounds: number;
}

export function summarize(values: readonly number[]): Summary {
  const sorted = values.toSorted((a, b) => a - b);
  return {
    median: medianOf(sorted),
    low: sorted[0] ?? Number.NaN,
    high: sorted.at(-1) ?? Number.NaN,
    rounds: sorted.length,
  };
}

function medianOf(sorted: readonly number[]): number {
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/**
 * Ratios round by round: what was measured minutes apart on a shared machine must not be divided by each other. Rounds
 * that one of the two has not are left out.
 */
export function ratios(ours: ReadonlyMap<number, number>, theirs: ReadonlyMap<number, number>): number[] {
  return [...ours].flatMap(([round, value]) => {
    const other = theirs.get(round);
    return other === undefined || other === 0 ? [] : [value / other];
  });
}
