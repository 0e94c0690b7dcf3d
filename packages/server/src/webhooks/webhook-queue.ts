/**
 * What waits for delivery to one target. The interface is that of a queue which may live in another process: events are
 * taken, which hides their channels from further taking, and settled when they are done with. The one here is in memory:
 * a crash loses what it holds.
 */

/** One serialised event. */
export interface QueuedEvent {
  /** Unique within the queue, and greater than that of every event before. */
  readonly id: number;
  readonly channel: string;
  readonly json: string;
}

/** Order is kept for each channel. Rejects only if what holds the queue is down. */
export interface WebhookQueue {
  /** Puts an event at the end. Answers how many of the oldest had to be dropped for it. */
  add(channel: string, json: string): number | Promise<number>;
  /** Takes the oldest events, at most `max`, of channels of which none is taken; none if there are none. */
  take(max: number): readonly QueuedEvent[] | Promise<readonly QueuedEvent[]>;
  /** Ends what one `take` began, delivered or not. */
  settle(events: readonly QueuedEvent[]): void | Promise<void>;
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
  /** By id, hence oldest first. */
  readonly #waiting = new Map<number, QueuedEvent>();
  /** Channels of taken events. */
  readonly #busy = new Set<string>();
  #bytes = 0;
  #lastId = 0;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  add(channel: string, json: string): number {
    const id = ++this.#lastId;
    this.#waiting.set(id, { id, channel, json });
    this.#bytes += sizeOf(json);
    let dropped = 0;
    for (const oldest of this.#waiting.values()) {
      if (this.#waiting.size <= this.#limits.maxEvents && this.#bytes <= this.#limits.maxBytes) break;
      this.#remove(oldest);
      dropped++;
    }
    return dropped;
  }

  take(max: number): readonly QueuedEvent[] {
    const taken: QueuedEvent[] = [];
    for (const event of this.#waiting.values()) {
      if (taken.length >= max) break;
      if (!this.#busy.has(event.channel)) taken.push(event);
    }
    for (const event of taken) {
      this.#remove(event);
      this.#busy.add(event.channel);
    }
    return taken;
  }

  settle(events: readonly QueuedEvent[]): void {
    for (const { channel } of events) this.#busy.delete(channel);
  }

  depth(): number {
    return this.#waiting.size;
  }

  #remove(event: QueuedEvent): void {
    this.#waiting.delete(event.id);
    this.#bytes -= sizeOf(event.json);
  }
}

function sizeOf(json: string): number {
  return json.length * 2;
}
