/**
 * The queue of a webhook as the node that leads takes from it: reads the store from its beginning, a bounded part at a time,
 * and takes out what is settled. Made when this node begins to lead, closed when it no longer does; what was read and not
 * settled by then is in the store for the next one.
 */
import type { Scheduler, TimeOfDay } from "../pusher/scheduler.ts";
import { EventLines, type QueuedEvent } from "./event-lines.ts";
import type { StoreCalls } from "./store-calls.ts";
import type { GivenUp, QueueLimits, WebhookQueue } from "./webhook-queue.ts";
import type { DeadReason, WebhookStore } from "./webhook-store.ts";

export interface StoredWebhookQueueOptions {
  readonly store: WebhookStore;
  readonly calls: StoreCalls;
  /** Of what is held in memory: events that were read and are not taken out yet. The store may hold more. */
  readonly limits: QueueLimits;
  readonly scheduler: Scheduler;
  readonly timeOfDay: TimeOfDay;
  /** So many more events can be taken. */
  readonly onArrived: (events: number) => void;
}

interface Settlement {
  readonly positions: readonly string[];
  readonly reason: DeadReason | undefined;
  readonly done: () => void;
}

/** A store that crashes may forget this much of what was taken out of it, and it is still not delivered again. */
const maxSettledPositions = 5000;

/** Read with one call. */
const readSize = 200;

/** The store says when something was added; this is how long it takes if that gets lost. */
const pollMs = 1000;

export class StoredWebhookQueue implements Pick<WebhookQueue, "take" | "settle" | "depth"> {
  readonly #options: StoredWebhookQueueOptions;
  readonly #lines = new EventLines();
  /** Where events stand in the store that are not taken out of it. */
  readonly #positions = new Map<number, string>();
  readonly #openPositions = new Set<string>();
  /** Of the last events that were settled, oldest first. */
  readonly #settledPositions = new Set<string>();
  readonly #settlements: Settlement[] = [];
  #settling = false;
  #after: string | undefined;
  #lastId = 0;
  #reading = false;
  #mustRead = false;
  #mustStartOver = false;
  #closed = false;
  #cancelPoll: (() => void) | undefined;
  #stopWatching: (() => void) | undefined;

  constructor(options: StoredWebhookQueueOptions) {
    this.#options = options;
  }

  /** Begins to read. */
  open(): void {
    this.#stopWatching = this.#options.store.watch(() => this.wake());
    this.wake();
  }

  /** Something may have been appended. */
  wake(): void {
    this.#mustRead = true;
    if (this.#stopWatching && !this.#reading && !this.#closed) void this.#read();
  }

  /**
   * The store was away. One that crashed may hold again what was taken out of it shortly before: reads from the beginning, and
   * takes that out once more.
   */
  startOver(): void {
    this.#mustStartOver = true;
    this.wake();
  }

  take(max: number): readonly QueuedEvent[] {
    return this.#closed ? [] : this.#lines.take(max);
  }

  /** Resolves when the events are out of the store, or, after {@link close}, when that was tried. */
  async settle(events: readonly QueuedEvent[], givenUp?: GivenUp): Promise<void> {
    const positions = events.flatMap(({ id }) => this.#positions.get(id) ?? []);
    const reason = givenUp && { ...givenUp, givenUpAtMs: this.#options.timeOfDay() };
    await new Promise<void>((done) => {
      this.#write({ positions, reason, done });
    });
    for (const { id } of events) this.#positions.delete(id);
    for (const position of positions) this.#rememberSettled(position);
    this.#lines.settle(events);
    this.wake();
  }

  /** In the store, without those that are taken. */
  async depth(): Promise<number> {
    const { events } = await this.#options.store.depth();
    return Math.max(0, events - (this.#positions.size - this.#lines.size));
  }

  /** Reads no more. */
  close(): void {
    this.#closed = true;
    this.#stopWatching?.();
    this.#cancelPoll?.();
  }

  async #read(): Promise<void> {
    this.#reading = true;
    this.#cancelPoll?.();
    const { store, calls, scheduler } = this.#options;
    let isAway = false;
    while (this.#mustRead && !this.#closed && !isAway) {
      const room = this.#measureRoom();
      if (room <= 0) break;
      this.#mustRead = false;
      if (this.#mustStartOver) this.#after = undefined;
      this.#mustStartOver = false;
      const events = await calls.tryOnce(() => store.read(this.#after, room));
      if (this.#closed) break;
      isAway = events === undefined;
      if (events) this.#addAll(events);
      // A store may give fewer than there are.
      if (events && events.length > 0) this.#mustRead = true;
    }
    this.#reading = false;
    if (this.#closed) return;
    this.#cancelPoll = isAway
      ? calls.later(() => this.wake())
      : scheduler.schedule(pollMs, () => this.wake());
  }

  #measureRoom(): number {
    const { maxEvents, maxBytes } = this.#options.limits;
    return this.#lines.bytes >= maxBytes ? 0 : Math.min(readSize, maxEvents - this.#positions.size);
  }

  #addAll(events: Awaited<ReturnType<WebhookStore["read"]>>): void {
    const again: string[] = [];
    let arrived = 0;
    for (const { position, channel, json, raisedAtMs } of events) {
      this.#after = position;
      if (this.#openPositions.has(position)) continue;
      if (this.#settledPositions.has(position)) {
        again.push(position);
        continue;
      }
      const id = ++this.#lastId;
      this.#positions.set(id, position);
      this.#openPositions.add(position);
      this.#lines.add({ id, channel, json, raisedAtMs });
      arrived++;
    }
    if (again.length > 0) this.#write({ positions: again, reason: undefined, done: () => {} });
    if (arrived > 0) this.#options.onArrived(arrived);
  }

  #rememberSettled(position: string): void {
    this.#openPositions.delete(position);
    this.#settledPositions.add(position);
    if (this.#settledPositions.size <= maxSettledPositions) return;
    for (const oldest of this.#settledPositions) {
      this.#settledPositions.delete(oldest);
      return;
    }
  }

  #write(settlement: Settlement): void {
    this.#settlements.push(settlement);
    if (!this.#settling) void this.#writeSettlements();
  }

  /** In order: of one channel, what is left in the store is always the end of it. */
  async #writeSettlements(): Promise<void> {
    const { store, calls } = this.#options;
    this.#settling = true;
    // Several that end in one turn of the event loop are taken out together.
    await Promise.resolve();
    for (let next = this.#settlements[0]; next; next = this.#settlements[0]) {
      const { reason } = next;
      const together = this.#settlements.slice(0, reason === undefined ? this.#countDelivered() : 1);
      const positions = together.flatMap((settlement) => settlement.positions);
      const isDone = await calls.tryOnce(async () => {
        await (reason === undefined ? store.remove(positions) : store.bury(positions, reason));
        return true;
      });
      if (isDone || this.#closed) {
        for (const { done } of this.#settlements.splice(0, together.length)) done();
      } else await calls.wait();
    }
    this.#settling = false;
  }

  #countDelivered(): number {
    const firstBuried = this.#settlements.findIndex(({ reason }) => reason !== undefined);
    return firstBuried === -1 ? this.#settlements.length : firstBuried;
  }
}
