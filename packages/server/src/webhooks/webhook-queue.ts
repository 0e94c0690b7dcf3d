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
  /**
   * Takes events, at most `max`, oldest first, of channels of which none is taken; none if there are none. Channels take
   * turns, so that a busy one does not keep the others waiting.
   */
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
  /** The same by channel, so that nothing has to be passed over: receivers that are down let thousands wait. */
  readonly #lines = new Map<string, Map<number, QueuedEvent>>();
  /** Channels with a line of which nothing is taken; whose turn is next comes first. */
  readonly #ready = new Set<string>();
  /** Channels of taken events. */
  readonly #busy = new Set<string>();
  #bytes = 0;
  #lastId = 0;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  add(channel: string, json: string): number {
    this.#append({ id: ++this.#lastId, channel, json });
    if (!this.#isOverLimit()) return 0;
    let dropped = 0;
    for (const oldest of this.#waiting.values()) {
      this.#remove(oldest);
      dropped++;
      if (!this.#isOverLimit()) break;
    }
    return dropped;
  }

  take(max: number): readonly QueuedEvent[] {
    const taken: QueuedEvent[] = [];
    for (const channel of this.#ready) {
      if (taken.length >= max) break;
      for (const event of this.#lines.get(channel)?.values() ?? []) {
        if (taken.length >= max) break;
        taken.push(event);
        this.#remove(event);
      }
      this.#ready.delete(channel);
      this.#busy.add(channel);
    }
    return taken.sort((a, b) => a.id - b.id);
  }

  settle(events: readonly QueuedEvent[]): void {
    for (const { channel } of events) {
      this.#busy.delete(channel);
      if (this.#lines.has(channel)) this.#ready.add(channel);
    }
  }

  depth(): number {
    return this.#waiting.size;
  }

  #isOverLimit(): boolean {
    return this.#waiting.size > this.#limits.maxEvents || this.#bytes > this.#limits.maxBytes;
  }

  #append(event: QueuedEvent): void {
    const { id, channel, json } = event;
    this.#waiting.set(id, event);
    this.#bytes += sizeOf(json);
    const line = this.#lines.get(channel);
    if (line) line.set(id, event);
    else this.#lines.set(channel, new Map([[id, event]]));
    if (!this.#busy.has(channel)) this.#ready.add(channel);
  }

  #remove({ id, channel, json }: QueuedEvent): void {
    this.#waiting.delete(id);
    this.#bytes -= sizeOf(json);
    const line = this.#lines.get(channel);
    line?.delete(id);
    if (line === undefined || line.size > 0) return;
    this.#lines.delete(channel);
    this.#ready.delete(channel);
  }
}

function sizeOf(json: string): number {
  return json.length * 2;
}
