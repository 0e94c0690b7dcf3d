/** Time that moves only when a test says so: the clock and the timers of the sessions and hubs under test. */
import type { Scheduler } from "./scheduler.ts";

interface Timer {
  readonly dueMs: number;
  readonly task: () => void;
}

export class ManualClock implements Scheduler {
  readonly #timers = new Set<Timer>();
  #nowMs = 1_700_000_000_000;

  readonly now = (): number => this.#nowMs;

  /** Timers that still wait. */
  get pending(): number {
    return this.#timers.size;
  }

  schedule(delayMs: number, task: () => void): () => void {
    const timer: Timer = { dueMs: this.#nowMs + delayMs, task };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Moves time and runs what comes due on the way, in order. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      let next: Timer | undefined;
      for (const timer of this.#timers) {
        if (timer.dueMs <= endMs && (next === undefined || timer.dueMs < next.dueMs)) next = timer;
      }
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#nowMs = next.dueMs;
      next.task();
    }
    this.#nowMs = endMs;
  }
}
