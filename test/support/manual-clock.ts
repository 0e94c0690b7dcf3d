/** A clock and dice for the reconnect core that the test moves by hand. */
import type { ReconnectClock } from "../../packages/websocket/src/client/session.ts";

interface Alarm {
  readonly at: number;
  readonly callback: () => void;
}

export class ManualClock implements ReconnectClock {
  /** What the dice show from now on; 0 ≤ x < 1. */
  dice = 0.5;
  #now = 0;
  readonly #alarms = new Set<Alarm>();

  now(): number {
    return this.#now;
  }

  random(): number {
    return this.dice;
  }

  schedule(callback: () => void, delayMs: number): () => void {
    const alarm = { at: this.#now + delayMs, callback };
    this.#alarms.add(alarm);
    return () => void this.#alarms.delete(alarm);
  }

  /** Milliseconds until each thing that is due, soonest first. */
  get due(): number[] {
    return [...this.#alarms].map(({ at }) => at - this.#now).sort((a, b) => a - b);
  }

  /** Moves on, and lets all promises settle. */
  async advance(ms: number): Promise<void> {
    this.#now += ms;
    for (const alarm of [...this.#alarms].filter(({ at }) => at <= this.#now)) {
      if (this.#alarms.delete(alarm)) alarm.callback();
    }
    await settle();
  }
}

/** Resolves when all promises that can settle without I/O have. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
