/**
 * Publish to many connections: a message is encoded once, and all that is published within one turn of the event loop
 * leaves as one write per subscriber, of one buffer that all of them share. Large topics are served in slices, so that one
 * broadcast does not hold the event loop.
 */
import type { WebSocketConnection } from "./connection.ts";
import { PreparedMessage } from "./prepared-message.ts";
import { type Publication, TopicDelivery } from "./topic-delivery.ts";
import { atTurnEnd, type TurnEndListener } from "./turn.ts";

/** Topics of no more subscribers are served at once: what is remembered of slices costs more than they save. */
const largestUnsliced = 1000;

/** A slice ends after this. Not a number of subscribers: connections that were idle cost several times as much as busy ones. */
const sliceMs = 4;
/** Subscribers between two looks at the clock. */
const clockEvery = 50;
const maxDeliveries = 8;

export class Topic implements TurnEndListener {
  readonly #subscribers = new Set<WebSocketConnection>();
  readonly #onEmpty: (() => void) | undefined;
  /** Published in this turn. */
  #pending: Publication[] = [];
  /** Under way in slices, oldest first: each subscriber gets them in this order. */
  #deliveries: TopicDelivery[] = [];
  /** A write may give a slow subscriber up, and its leaving may be published here: that has to come after. */
  #isServing = false;

  /** @param onEmpty called when the last subscriber has left. */
  constructor(onEmpty?: () => void) {
    this.#onEmpty = onEmpty;
  }

  /** Connections that get what is published. */
  get size(): number {
    return this.#subscribers.size;
  }

  has(connection: WebSocketConnection): boolean {
    return this.#subscribers.has(connection);
  }

  /** Subscribes a connection to what is published from now on. One that is closed is not kept. */
  add(connection: WebSocketConnection): void {
    if (this.#subscribers.has(connection) || connection.state === "closed") return;
    this.#closeTurn();
    this.#subscribers.add(connection);
    connection.topics.add(this);
  }

  /** Ends the subscription; what was published before still goes out. */
  delete(connection: WebSocketConnection): void {
    if (!this.#subscribers.has(connection)) return;
    this.settle(connection);
    this.#subscribers.delete(connection);
    connection.topics.delete(this);
    if (this.#subscribers.size === 0) this.#onEmpty?.();
  }

  /** Queues a message for all subscribers, but not for `except`. */
  publish(data: string | Uint8Array | PreparedMessage, except?: WebSocketConnection): void {
    if (this.#subscribers.size === 0) return;
    if (this.#pending.length === 0) atTurnEnd(this);
    const message = data instanceof PreparedMessage ? data : new PreparedMessage(data);
    this.#pending.push({ message, except });
  }

  /** Gives one subscriber at once what was published before, since something else is about to be sent to it. */
  settle(connection: WebSocketConnection): void {
    this.#closeTurn();
    for (const delivery of this.#deliveries) delivery.serve(connection);
  }

  /** @internal */
  onTurnEnd(): void {
    this.#closeTurn();
    this.#serveSlice();
  }

  /** Sends what is pending on its way, to the subscribers of this moment: at once, or in slices if they are many. */
  #closeTurn(): void {
    if (this.#pending.length === 0) return;
    const delivery = new TopicDelivery(this.#pending);
    this.#pending = [];
    if (this.#deliveries.length === 0 && this.#subscribers.size <= largestUnsliced && !this.#isServing) {
      this.#isServing = true;
      delivery.serveAll(this.#subscribers);
      this.#isServing = false;
      return;
    }
    // Each delivery under way remembers whom it has to serve; a storm of joins and leaves must not make many of them.
    if (this.#deliveries.length === maxDeliveries)
      this.#deliveries.shift()?.serveSome(Number.POSITIVE_INFINITY);
    delivery.begin(this.#subscribers);
    this.#deliveries.push(delivery);
    if (this.#deliveries.length === 1) atTurnEnd(this);
  }

  #serveSlice(): void {
    if (this.#deliveries.length === 0) return;
    const endMs = performance.now() + sliceMs;
    do this.#serveSome(clockEvery);
    while (this.#deliveries.length > 0 && performance.now() < endMs);
    if (this.#deliveries.length > 0) atTurnEnd(this);
  }

  #serveSome(most: number): void {
    let left = most;
    while (left > 0) {
      const [delivery] = this.#deliveries;
      if (delivery === undefined) return;
      left -= delivery.serveSome(left);
      if (delivery.isDone) this.#deliveries.shift();
    }
  }
}
