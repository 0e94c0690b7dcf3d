/**
 * Whether this node knows what the others have. After each (re)connect it listens until every other node must have been heard,
 * and waits for the snapshots of those that have something to tell.
 */
import type { Scheduler } from "../../pusher/scheduler.ts";

export interface JoiningOptions {
  /** In this time every other node is heard. */
  readonly listenMs: number;
  /** Whether all is known of those who were heard. */
  readonly isSettled: () => boolean;
  readonly onJoined: () => void;
  readonly scheduler: Scheduler;
}

export class Joining {
  readonly #options: JoiningOptions;
  #joined = false;
  #listened = false;
  #cancel: (() => void) | undefined;
  #waiters: (() => void)[] = [];

  constructor(options: JoiningOptions) {
    this.#options = options;
  }

  get joined(): boolean {
    return this.#joined;
  }

  /** There is a connection, and there may be nodes that were not heard, or have more to tell. */
  begin(): void {
    this.interrupt();
    this.#cancel = this.#options.scheduler.schedule(this.#options.listenMs, () => {
      this.#listened = true;
      this.check();
    });
  }

  /** There is no connection. */
  interrupt(): void {
    this.#cancel?.();
    this.#listened = false;
    this.#joined = false;
  }

  /** All may be known now. */
  check(): void {
    if (this.#joined || !this.#listened || !this.#options.isSettled()) return;
    this.#joined = true;
    this.#options.onJoined();
    this.#release();
  }

  /** Resolves once this node has joined, or after this time. */
  async wait(timeoutMs: number): Promise<void> {
    if (this.#joined) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#options.scheduler.schedule(timeoutMs, resolve);
      this.#waiters.push(() => {
        cancel();
        resolve();
      });
    });
  }

  /** Nobody waits any longer. */
  stop(): void {
    this.interrupt();
    this.#release();
  }

  #release(): void {
    for (const resolve of this.#waiters.splice(0)) resolve();
  }
}
