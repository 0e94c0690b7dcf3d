/**
 * What one node does for one webhook while it leads: tells edges, each once, and delivers what all nodes appended. Begins with
 * what the store knows to have been told, compares it with what is so, and tells the difference. Over when the node stops
 * leading; the next time it leads, there is a new one.
 *
 *   edge ─▶ debounce ─▶ told already? ─▶ appender ─▶ store ─▶ stored queue ─▶ deliverer
 */
import { randomUUID } from "node:crypto";
import { Debounce } from "./debounce.ts";
import type { LeadingView } from "./leading-view.ts";
import type { StoreCalls } from "./store-calls.ts";
import { StoredWebhookQueue } from "./stored-webhook-queue.ts";
import { findDifferences } from "./told-differences.ts";
import { edgeOf, type EdgeOccurrence } from "./webhook-edge.ts";
import type { WebhookAppender } from "./webhook-appender.ts";
import { WebhookDeliverer, type WebhookDelivererOptions } from "./webhook-deliverer.ts";
import type { QueueLimits } from "./webhook-queue.ts";
import type { WebhookStore } from "./webhook-store.ts";

export interface WebhookLeadershipOptions
  extends Omit<WebhookDelivererOptions, "queue" | "keepsDeadLetters"> {
  readonly view: LeadingView;
  readonly store: WebhookStore;
  readonly calls: StoreCalls;
  readonly limits: QueueLimits;
  readonly appender: WebhookAppender;
  /** Appends an edge, as an event if the webhook wants it; answers whether there was room. */
  readonly append: (occurrence: EdgeOccurrence) => boolean;
  /** Another node has claimed the edges. */
  readonly onTaken: () => void;
  /** What the receiver was told, as far as this node knew it; for a store that knows nothing any more. */
  readonly remembered: ReadonlySet<string> | undefined;
  /** The store was emptied, and has been told what is remembered. */
  readonly onEmptied: () => void;
}

/** Channels and members that are compared in one turn of the event loop. */
const comparedPerTurn = 500;

export class WebhookLeadership {
  readonly #options: WebhookLeadershipOptions;
  readonly #owner = randomUUID();
  readonly #debounce: Debounce;
  readonly #queue: StoredWebhookQueue;
  readonly #deliverer: WebhookDeliverer;
  /** Keys of what the receiver was told to be there, or will be by what is appended; known once the store has answered. */
  #told: Set<string> | undefined;
  #comparing = false;
  #mustCompare = false;
  #ended = false;

  constructor(options: WebhookLeadershipOptions) {
    const { webhook, now, scheduler } = options;
    this.#options = options;
    this.#debounce = new Debounce({
      delayMs: webhook.debounceMs,
      now,
      scheduler,
      emit: (occurrence) => this.#tell(occurrence as EdgeOccurrence),
    });
    this.#queue = new StoredWebhookQueue({
      ...options,
      onArrived: (events) => this.#deliverer.noteAdded(events),
    });
    this.#deliverer = new WebhookDeliverer({ ...options, queue: this.#queue, keepsDeadLetters: true });
    void this.#takeOver();
  }

  /** Takes note of an edge. One that comes before the store has answered is found by the comparison that follows. */
  accept(occurrence: EdgeOccurrence): void {
    if (this.#ended || this.#told === undefined) return;
    const { key, present } = edgeOf(occurrence);
    // Would cancel the coming that has not been told yet.
    if (!present && !this.#told.has(key)) return;
    this.#debounce.accept(occurrence);
  }

  /** Something was appended. */
  wake(): void {
    this.#queue.wake();
  }

  /** The store was away. */
  startOver(): void {
    this.#queue.startOver();
  }

  /** In the store, or under way. */
  depth(): Promise<number> {
    return this.#deliverer.depth();
  }

  /** Keys of what the receiver was told, or will be by what is stored; unknown until the store has answered. */
  get told(): Set<string> | undefined {
    if (this.#told === undefined) return undefined;
    const told = new Set(this.#told);
    for (const { key, present } of this.#options.appender.listEdges()) {
      if (present) told.delete(key);
      else told.add(key);
    }
    return told;
  }

  /** Departures that wait, and edges that come, are left to the next one; deliveries go on. */
  stopTelling(): void {
    this.#debounce.clear();
    this.#told = undefined;
    this.#mustCompare = false;
  }

  /** Leaves everything to the next one. Resolves when no attempt is under way any more. */
  end(): Promise<void> {
    this.#ended = true;
    this.stopTelling();
    this.#queue.close();
    return this.#deliverer.release();
  }

  /** Waits for no attempt that is under way. */
  abandon(): void {
    this.#deliverer.abandon();
  }

  async #takeOver(): Promise<void> {
    const { calls, appender, view, onTaken } = this.#options;
    let told: Set<string> | undefined;
    while (!this.#ended && told === undefined) {
      told = await calls.tryOnce(() => this.#claim());
      if (told === undefined) await calls.wait();
    }
    if (this.#ended || told === undefined) return;
    this.#told = told;
    appender.claim({
      owner: this.#owner,
      leads: view.leads,
      told: () => this.#told ?? [],
      taken: onTaken,
    });
    this.#queue.open();
    this.#compare();
  }

  /** A store that was emptied gets to know again what was told, as this node remembers it: else all would be told again. */
  async #claim(): Promise<Set<string>> {
    const { store, remembered, onEmptied } = this.#options;
    if (remembered !== undefined && remembered.size > 0 && (await store.isUnclaimed())) {
      await store.restore(this.#owner, remembered);
      onEmptied();
    }
    return store.claim(this.#owner);
  }

  #tell(occurrence: EdgeOccurrence): void {
    const told = this.#told;
    const { key, present } = edgeOf(occurrence);
    if (told === undefined || told.has(key) === present) return;
    if (!this.#options.append(occurrence)) this.#compareWhenDrained();
    else if (present) told.add(key);
    else told.delete(key);
  }

  /** There was no room for an edge: once there is, what is so by then is told. */
  #compareWhenDrained(): void {
    if (this.#mustCompare) return;
    this.#mustCompare = true;
    void this.#options.appender.drained().then(() => {
      if (this.#mustCompare) this.#compare();
      return undefined;
    });
  }

  #compare(): void {
    if (this.#comparing || this.#told === undefined) return;
    this.#comparing = true;
    this.#mustCompare = false;
    const { view, webhook } = this.#options;
    this.#compareNext(findDifferences(this.#told, view.channels, webhook));
  }

  #compareNext(differences: ReturnType<typeof findDifferences>): void {
    for (let left = comparedPerTurn; left > 0 && this.#told !== undefined; left--) {
      const next = differences.next();
      if (next.done) {
        this.#comparing = false;
        return;
      }
      if (next.value) this.#debounce.accept(next.value);
    }
    if (this.#told === undefined) return;
    const goOn = (): void => this.#compareNext(differences);
    const { appender, scheduler } = this.#options;
    // A difference in fifty thousand members must not take the place of other events.
    if (appender.isBusy) void appender.drained().then(goOn);
    else scheduler.schedule(0, goOn);
  }
}
