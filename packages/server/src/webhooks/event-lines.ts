/**
 * Events that wait, in lines: one for each channel, of which nobody takes while some of it is taken. Keeps the order of each
 * channel and lets channels take turns, in time that does not depend on how many wait. Used by every queue.
 */

/** One serialised event. */
export interface QueuedEvent {
  /** Unique within the queue, and greater than that of every event before. */
  readonly id: number;
  readonly channel: string;
  readonly json: string;
  /** Milliseconds since 1970; only of queues that outlive the process, where nobody knows when it was first tried. */
  readonly raisedAtMs?: number;
}

export class EventLines<E extends QueuedEvent = QueuedEvent> {
  /** By id, hence oldest first. */
  readonly #waiting = new Map<number, E>();
  /** The same by channel, so that nothing has to be passed over: receivers that are down let thousands wait. */
  readonly #lines = new Map<string, Map<number, E>>();
  /** Channels with a line of which nothing is taken; whose turn is next comes first. */
  readonly #ready = new Set<string>();
  /** Channels of taken events. */
  readonly #busy = new Set<string>();
  #bytes = 0;

  /** Events that nobody has taken. */
  get size(): number {
    return this.#waiting.size;
  }

  /** What the waiting JSON takes in memory at most. */
  get bytes(): number {
    return this.#bytes;
  }

  add(event: E): void {
    const { id, channel, json } = event;
    this.#waiting.set(id, event);
    this.#bytes += sizeOf(json);
    const line = this.#lines.get(channel);
    if (line) line.set(id, event);
    else this.#lines.set(channel, new Map([[id, event]]));
    if (!this.#busy.has(channel)) this.#ready.add(channel);
  }

  /** Takes at most `max` events of channels of which none is taken, oldest first. */
  take(max: number): readonly E[] {
    const taken: E[] = [];
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

  /** Lets the channels of events that were taken go on. */
  settle(events: readonly QueuedEvent[]): void {
    for (const { channel } of events) {
      this.#busy.delete(channel);
      if (this.#lines.has(channel)) this.#ready.add(channel);
    }
  }

  /** Forgets the oldest that waits. */
  dropOldest(): void {
    for (const oldest of this.#waiting.values()) {
      this.#remove(oldest);
      return;
    }
  }

  #remove({ id, channel, json }: E): void {
    this.#waiting.delete(id);
    this.#bytes -= sizeOf(json);
    const line = this.#lines.get(channel);
    line?.delete(id);
    if (line === undefined || line.size > 0) return;
    this.#lines.delete(channel);
    this.#ready.delete(channel);
  }
}

/** UTF-16 units, doubled. */
export function sizeOf(json: string): number {
  return json.length * 2;
}
