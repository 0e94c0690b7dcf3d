/**
 * How long to wait before the next attempt (RFC 6455 §7.2.3): "full jitter", so that the clients of a server that went
 * down do not return all at once. Pure numbers; the dice come in.
 */

export interface BackoffSettings {
  /** Longest wait before the first retry after a stable connection. */
  readonly firstMs: number;
  /** Doubled with every failed attempt. */
  readonly baseMs: number;
  /** Longest wait that the doubling leads to. */
  readonly capMs: number;
  /** Shortest wait. */
  readonly floorMs: number;
  /** A server that restarts (1012) is left alone for a random time in this range. */
  readonly restartMs: readonly [least: number, most: number];
  /** Longest wait that a server's Retry-After can ask for. */
  readonly maxRetryAfterMs: number;
}

export const defaultBackoff: BackoffSettings = {
  firstMs: 5000,
  baseMs: 1000,
  capMs: 30_000,
  floorMs: 250,
  restartMs: [5000, 30_000],
  maxRetryAfterMs: 600_000,
};

/** Draws the wait after so many failed attempts in a row; 0 is the loss of a connection that was stable. */
export function drawBackoff(failedAttempts: number, random: number, settings: BackoffSettings): number {
  const { firstMs, baseMs, capMs, floorMs } = settings;
  const most = failedAttempts === 0 ? firstMs : Math.min(capMs, baseMs * 2 ** failedAttempts);
  return Math.max(floorMs, Math.round(random * most));
}

/** Draws the wait after a server said that it restarts. */
export function drawRestartWait(random: number, { restartMs: [least, most] }: BackoffSettings): number {
  return Math.round(least + random * (most - least));
}

/** Puts a drawn wait on top of what the server asked for: all its clients were told the same. */
export function raiseToRetryAfter(
  waitMs: number,
  retryAfterMs: number | undefined,
  { maxRetryAfterMs }: BackoffSettings,
): number {
  return retryAfterMs === undefined ? waitMs : Math.min(retryAfterMs, maxRetryAfterMs) + waitMs;
}
