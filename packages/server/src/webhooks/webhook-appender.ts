/**
 * What one node appends to the store of one webhook: entries go in without waiting, and come out into the store in their
 * order, several at a time. While the store is away they wait in memory, as many as fit.
 */
import { randomUUID } from "node:crypto";
import type { Scheduler } from "../pusher/scheduler.ts";
import { sizeOf } from "./event-lines.ts";
import { StoreCalls } from "./store-calls.ts";
import type { QueueLimits } from "./webhook-queue.ts";
import type { Edge } from "./webhook-edge.ts";
import type { NewEntry, WebhookStore } from "./webhook-store.ts";

/** Whose edges are appended: this node's, while it leads. */
export interface EdgeClaim {
  readonly owner: string;
  /** Whether this node still leads; while it does not, nothing is appended. */
  readonly leads: () => boolean;
  /** Everything that the receiver was told, with what still waits here. */
  readonly told: () => Iterable<string>;
  /** Another node has claimed the edges. */
  readonly taken: () => void;
}

export interface WebhookAppenderOptions {
  readonly store: WebhookStore;
  /** Of what waits here. */
  readonly limits: QueueLimits;
  readonly scheduler: Scheduler;
  readonly calls: StoreCalls;
  /** Nothing is appended before. */
  readonly after: Promise<void>;
  /** Something was appended, for which so many of the oldest had to go. */
  readonly onAppended: (dropped: number) => void;
  /** The store was emptied, and has been told again what the receiver knows. */
  readonly onEmptied: () => void;
}

/** Appended with one call. */
const batchSize = 100;

const busySize = 500;

/** Until a node that may not lead is asked again. */
const leaseWaitMs = 250;

export class WebhookAppender {
  readonly #options: WebhookAppenderOptions;
  readonly #writer = randomUUID();
  readonly #entries = new Set<NewEntry>();
  #bytes = 0;
  #lastSequence = 0;
  #claim: EdgeClaim | undefined;
  #appending = false;
  #closed = false;
  readonly #waiting: (() => void)[] = [];

  constructor(options: WebhookAppenderOptions) {
    this.#options = options;
  }

  /** Events that are not in the store yet. */
  get size(): number {
    let size = 0;
    for (const { json } of this.#entries) if (json !== undefined) size++;
    return size;
  }

  /** Whether so much waits already that whoever can wait should. */
  get isBusy(): boolean {
    return this.#entries.size >= busySize;
  }

  /** Edges that are not in the store yet, the last ones first. */
  listEdges(): Edge[] {
    return [...this.#entries].flatMap(({ edge }) => edge ?? []).toReversed();
  }

  /** Answers whether there is room for it. Never throws, never waits. */
  add(entry: Omit<NewEntry, "sequence">): boolean {
    const { maxEvents, maxBytes } = this.#options.limits;
    const bytes = sizeOf(entry.json ?? "");
    if (this.#closed || this.#entries.size >= maxEvents || this.#bytes + bytes > maxBytes) return false;
    this.#entries.add({ ...entry, sequence: ++this.#lastSequence });
    this.#bytes += bytes;
    void this.#append();
    return true;
  }

  /** Edges are appended in the name of this claim; without one, those that wait are dropped: they are another's to find. */
  claim(claim: EdgeClaim | undefined): void {
    this.#claim = claim;
    if (claim) return;
    for (const entry of this.#entries) if (entry.edge) this.#remove(entry);
    this.#endIfEmpty();
  }

  /** Resolves when nothing waits any more, or when closed. */
  drained(): Promise<void> {
    if (this.#closed || this.#entries.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** Drops what waits. */
  close(): void {
    this.#closed = true;
    this.#entries.clear();
    this.#endIfEmpty();
  }

  async #append(): Promise<void> {
    if (this.#appending) return;
    this.#appending = true;
    // What comes in this turn of the event loop goes together.
    await this.#options.after;
    while (this.#entries.size > 0 && !this.#closed) {
      const batch = this.#nextBatch();
      const claim = batch.some(({ edge }) => edge) ? this.#claim : undefined;
      if (claim?.leads() === false) await this.#wait(leaseWaitMs);
      else await this.#appendBatch(batch, claim);
    }
    this.#appending = false;
    this.#endIfEmpty();
  }

  /** The first of those that wait, which may be thousands. */
  #nextBatch(): readonly NewEntry[] {
    const batch: NewEntry[] = [];
    for (const entry of this.#entries) if (batch.push(entry) === batchSize) break;
    return batch;
  }

  async #appendBatch(entries: readonly NewEntry[], claim: EdgeClaim | undefined): Promise<void> {
    const { store, calls, onAppended, onEmptied } = this.#options;
    const request = { writer: this.#writer, owner: claim?.owner, entries };
    const result = await calls.tryOnce(() => store.append(request));
    if (result === undefined) await calls.wait();
    else if (result.outcome === "appended") {
      for (const entry of entries) this.#remove(entry);
      onAppended(result.dropped);
    } else if (claim === undefined || claim !== this.#claim) {
      // The claim has gone meanwhile, and with it the edges that wait.
    } else if (result.outcome === "taken") {
      this.claim(undefined);
      claim.taken();
    } else {
      const restored = await calls.tryOnce(async () => {
        await store.restore(claim.owner, claim.told());
        return true;
      });
      if (restored) onEmptied();
      else await calls.wait();
    }
  }

  #remove(entry: NewEntry): void {
    if (this.#entries.delete(entry)) this.#bytes -= sizeOf(entry.json ?? "");
  }

  #endIfEmpty(): void {
    if (this.#entries.size > 0) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#options.scheduler.schedule(delayMs, resolve);
    });
  }
}
