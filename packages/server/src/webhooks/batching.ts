/**
 * When queued events of one target may leave: at once, or collected for a short while or up to a number, whichever comes
 * first. Counts events; which ones leave is the queue's affair.
 */
import type { Scheduler } from "../pusher/scheduler.ts";

export interface BatchSettings {
  readonly enabled: boolean;
  /** Longest wait of an event for others. */
  readonly durationMs: number;
  readonly maxEvents: number;
}

export class BatchWindow {
  readonly #settings: BatchSettings;
  readonly #scheduler: Scheduler;
  readonly #onDue: () => void;
  /** Events that still wait for others. */
  #open = 0;
  /** Events that may leave. */
  #due = 0;
  #cancelTimer: (() => void) | undefined;
  #waits: boolean;

  /** `onDue` is called whenever more events may leave. */
  constructor(settings: BatchSettings, scheduler: Scheduler, onDue: () => void) {
    this.#settings = settings;
    this.#waits = settings.enabled;
    this.#scheduler = scheduler;
    this.#onDue = onDue;
  }

  /** How many events the next request may carry. */
  get size(): number {
    return Math.min(this.#due, this.#settings.enabled ? this.#settings.maxEvents : 1);
  }

  /** One more event is queued. */
  noteAdded(): void {
    this.#open++;
    const { durationMs, maxEvents } = this.#settings;
    if (!this.#waits || this.#open >= maxEvents) this.#close();
    else this.#cancelTimer ??= this.#scheduler.schedule(durationMs, () => this.#close());
  }

  /** So many events have left, or were dropped. */
  noteRemoved(count: number): void {
    this.#due = Math.max(0, this.#due - count);
  }

  /** Lets everything leave, what waits and what is still to come: the process ends. */
  stopWaiting(): void {
    this.#waits = false;
    this.#close();
  }

  #close(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#due += this.#open;
    this.#open = 0;
    this.#onDue();
  }
}
