/**
 * Calls of a store that may be away: a call that fails is an answer, not an exception, its first failure is told once until
 * a call succeeds again, and the waits between attempts grow. One for each webhook.
 */
import type { Scheduler } from "../pusher/scheduler.ts";

const firstWaitMs = 100;
const longestWaitMs = 5000;
/** A store that does not answer is away. What it does all the same is found out by the next call. */
const timeoutMs = 10_000;

export interface StoreCallsOptions {
  readonly scheduler: Scheduler;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly onAway: (error: unknown) => void;
  readonly onBack: () => void;
}

export class StoreCalls {
  readonly #options: StoreCallsOptions;
  #failures = 0;

  constructor(options: StoreCallsOptions) {
    this.#options = options;
  }

  /** The answer of the call, or `undefined` if it failed. */
  async tryOnce<T>(call: () => Promise<T>): Promise<T | undefined> {
    try {
      const answer = await this.#limit(call());
      if (this.#failures > 0) {
        this.#failures = 0;
        this.#options.onBack();
      }
      return answer;
    } catch (error) {
      if (++this.#failures === 1) this.#options.onAway(error);
      return undefined;
    }
  }

  /** Until the next attempt; several that wait at once come back at different times. */
  wait(): Promise<void> {
    return new Promise((resolve) => {
      this.later(resolve);
    });
  }

  /** Runs a task after the same wait, unless the answer is called before. */
  later(task: () => void): () => void {
    const { scheduler, random } = this.#options;
    const waitMs = Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(10, Math.max(0, this.#failures - 1)));
    return scheduler.schedule(Math.round(waitMs * (0.5 + random() / 2)), task);
  }

  #limit<T>(call: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const cancel = this.#options.scheduler.schedule(timeoutMs, () =>
        reject(new Error(`no answer within ${timeoutMs} ms`)),
      );
      call.then(resolve, reject).finally(cancel);
    });
  }
}
