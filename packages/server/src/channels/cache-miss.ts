/**
 * Which cache misses are told to the app's backend: one per channel and empty period. A miss counts as new again once
 * something was published there, or after some seconds, in case the backend missed the first word.
 */
import type { Now } from "../pusher/scheduler.ts";

/** Misses within this time of the last reported one are the same miss. */
export const cacheMissWindowMs = 10_000;

/** More channels are not remembered; forgetting one can only repeat a report. */
const maxRemembered = 10_000;

export class CacheMissFilter {
  /** When each channel's miss was reported, oldest first. */
  readonly #reportedAtMs = new Map<string, number>();
  readonly #now: Now;

  constructor(now: Now) {
    this.#now = now;
  }

  /** Takes note of a miss; answers whether it is to be reported. */
  admit(channel: string): boolean {
    const now = this.#now();
    const reportedAtMs = this.#reportedAtMs.get(channel);
    if (reportedAtMs !== undefined && now - reportedAtMs < cacheMissWindowMs) return false;
    this.#reportedAtMs.delete(channel);
    this.#forgetOld(now);
    this.#reportedAtMs.set(channel, now);
    return true;
  }

  /** The channel has an event: its next miss is a new one. */
  rearm(channel: string): void {
    this.#reportedAtMs.delete(channel);
  }

  #forgetOld(now: number): void {
    for (const [channel, reportedAtMs] of this.#reportedAtMs) {
      if (now - reportedAtMs < cacheMissWindowMs && this.#reportedAtMs.size < maxRemembered) return;
      this.#reportedAtMs.delete(channel);
    }
  }
}
