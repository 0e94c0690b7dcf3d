/**
 * Calls at a fixed rate, each with the time at which it was due. What is late is caught up with, so that a slow server, or
 * a busy machine, shows as latency instead of as fewer messages.
 */

export interface PacedLoop {
  readonly perSecond: number;
  readonly durationMs: number;
  readonly signal: AbortSignal;
  /** `dueMs` is on the clock of `performance.now()`; `index` counts from 0. */
  readonly call: (dueMs: number, index: number) => void;
}

const tickMs = 5;

/** Resolves with how many calls were made, once the time is over or the signal aborts. */
export function runPaced({ perSecond, durationMs, signal, call }: PacedLoop): Promise<number> {
  const startedAt = performance.now();
  const total = Math.floor((perSecond * durationMs) / 1000);
  let called = 0;
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      const elapsedMs = performance.now() - startedAt;
      const due = Math.min(total, Math.floor((elapsedMs * perSecond) / 1000));
      for (; called < due; called += 1) call(startedAt + ((called + 1) * 1000) / perSecond, called);
      if (elapsedMs >= durationMs) end();
    }, tickMs);
    const end = (): void => {
      clearInterval(timer);
      signal.removeEventListener("abort", end);
      resolve(called);
    };
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) end();
  });
}
