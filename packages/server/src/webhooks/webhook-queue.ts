/**
 * What waits for delivery to one target. Events are taken, which hides their channels from further taking, and settled when
 * they are done with. The queue here is in memory: a crash loses what it holds. The one of `durable-webhook-queue.ts` is not.
 */
import { EventLines, type QueuedEvent } from "./event-lines.ts";

export type { QueuedEvent } from "./event-lines.ts";

/** Why events are settled that were not delivered. */
export interface GivenUp {
  /** Name of the last failure. */
  readonly failure: string;
  readonly attempts: number;
  /** HTTP status of the last answer, if there was one. */
  readonly status?: number;
}

/** Order is kept for each channel. Rejects only if what holds the queue is down. */
export interface WebhookQueue {
  /** Puts an event at the end. Answers how many of the oldest had to be dropped for it. */
  add(channel: string, json: string): number | Promise<number>;
  /**
   * Takes events, at most `max`, oldest first, of channels of which none is taken; none if there are none. Channels take
   * turns, so that a busy one does not keep the others waiting.
   */
  take(max: number): readonly QueuedEvent[] | Promise<readonly QueuedEvent[]>;
  /** Ends what one `take` began: delivered, or given up. */
  settle(events: readonly QueuedEvent[], givenUp?: GivenUp): void | Promise<void>;
  /** Events that nobody has taken. */
  depth(): number | Promise<number>;
}

export interface QueueLimits {
  readonly maxEvents: number;
  /** UTF-16 units of waiting JSON, doubled: what they take in memory at most. */
  readonly maxBytes: number;
}

export class MemoryWebhookQueue implements WebhookQueue {
  readonly #limits: QueueLimits;
  readonly #lines = new EventLines();
  #lastId = 0;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  add(channel: string, json: string): number {
    this.#lines.add({ id: ++this.#lastId, channel, json });
    let dropped = 0;
    while (this.#isOverLimit()) {
      this.#lines.dropOldest();
      dropped++;
    }
    return dropped;
  }

  take(max: number): readonly QueuedEvent[] {
    return this.#lines.take(max);
  }

  settle(events: readonly QueuedEvent[]): void {
    this.#lines.settle(events);
  }

  depth(): number {
    return this.#lines.size;
  }

  #isOverLimit(): boolean {
    return this.#lines.size > this.#limits.maxEvents || this.#lines.bytes > this.#limits.maxBytes;
  }
}
