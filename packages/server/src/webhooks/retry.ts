/** How long to wait before a failed delivery is tried again, and when to give it up. Pure. */

const firstDelayMs = 1000;
const longestDelayMs = 60_000;

/**
 * Milliseconds until the next attempt: 1 s after the first failure, doubling to 60 s, each a quarter more or less at random
 * so that deliveries which failed together do not come back together. `random` is from 0 to 1.
 */
export function retryDelayMs(failedAttempts: number, random: number): number {
  const delayMs = Math.min(longestDelayMs, firstDelayMs * 2 ** (failedAttempts - 1));
  return Math.round(delayMs * (0.75 + random / 2));
}
