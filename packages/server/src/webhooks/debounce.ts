/**
 * Keeps reloads and reconnects from webhooks: that a channel is vacated or a member gone waits for a while, and if it is
 * occupied or the member back before, neither is told. One timer in all, whatever waits: the delay is the same for all,
 * so what came first is due first.
 */
import type { ChannelOccurrence } from "../channels/channel-hub.ts";
import type { Now, Scheduler } from "../pusher/scheduler.ts";
import { keyOf } from "./webhook-edge.ts";

export interface DebounceOptions {
  /** 0 passes everything on at once. */
  readonly delayMs: number;
  readonly now: Now;
  readonly scheduler: Scheduler;
  /** Gets what is to be told, in order. */
  readonly emit: (occurrence: ChannelOccurrence) => void;
}

interface Pending {
  readonly occurrence: ChannelOccurrence;
  readonly dueMs: number;
}

export class Debounce {
  readonly #options: DebounceOptions;
  /** By channel, or channel and member; at most one each, oldest first. */
  readonly #pending = new Map<string, Pending>();
  #cancelTimer: (() => void) | undefined;
  #delayMs: number;

  constructor(options: DebounceOptions) {
    this.#options = options;
    this.#delayMs = options.delayMs;
  }

  /** How many departures wait. */
  get size(): number {
    return this.#pending.size;
  }

  accept(occurrence: ChannelOccurrence): void {
    switch (occurrence.name) {
      case "channel_vacated":
      case "member_removed":
        this.#postpone(occurrence);
        break;
      case "channel_occupied":
      case "member_added":
        if (!this.#pending.delete(keyOf(occurrence))) this.#options.emit(occurrence);
        break;
      default:
        this.#options.emit(occurrence);
    }
  }

  /** Passes on what waits, and from now on everything at once: the process ends. */
  flush(): void {
    this.#delayMs = 0;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const waiting = [...this.#pending.values()];
    this.#pending.clear();
    for (const { occurrence } of waiting) this.#options.emit(occurrence);
  }

  /** Forgets what waits: it is another's to tell. */
  clear(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#pending.clear();
  }

  #postpone(occurrence: ChannelOccurrence): void {
    if (this.#delayMs === 0) {
      this.#options.emit(occurrence);
      return;
    }
    const key = keyOf(occurrence);
    if (this.#pending.has(key)) return;
    this.#pending.set(key, { occurrence, dueMs: this.#options.now() + this.#delayMs });
    this.#cancelTimer ??= this.#options.scheduler.schedule(this.#delayMs, () => this.#emitDue());
  }

  #emitDue(): void {
    this.#cancelTimer = undefined;
    const nowMs = this.#options.now();
    for (const [key, { occurrence, dueMs }] of this.#pending) {
      if (dueMs > nowMs) {
        this.#cancelTimer = this.#options.scheduler.schedule(dueMs - nowMs, () => this.#emitDue());
        return;
      }
      this.#pending.delete(key);
      this.#options.emit(occurrence);
    }
  }
}
