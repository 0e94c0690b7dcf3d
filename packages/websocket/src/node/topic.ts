/**
 * Publish to many connections: a message is encoded once, and all that is published within one turn of the event loop
 * leaves as one write per subscriber, of one buffer that all of them share.
 */
import type { WebSocketConnection } from "./connection.ts";
import { PreparedMessage } from "./prepared-message.ts";
import { atTurnEnd, type TurnEndListener } from "./turn.ts";

type Subscriber = WebSocketConnection;

interface Publication {
  readonly message: PreparedMessage;
  readonly except: Subscriber | undefined;
}

export class Topic implements TurnEndListener {
  readonly #subscribers = new Set<Subscriber>();
  readonly #onEmpty: (() => void) | undefined;
  #pending: Publication[] = [];

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
    this.flush();
    this.#subscribers.add(connection);
    connection.topics.add(this);
  }

  /** Ends the subscription; what was published before still goes out. */
  delete(connection: WebSocketConnection): void {
    if (!this.#subscribers.has(connection)) return;
    this.flush();
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

  /** Writes what was published in this turn. Called at its end, and earlier to keep the order of messages. */
  flush(): void {
    if (this.#pending.length === 0) return;
    const pending = this.#pending;
    this.#pending = [];
    const excluded = new Set<Subscriber>();
    for (const { except } of pending) if (except) excluded.add(except);
    const joined = new Map<number, Uint8Array>();
    for (const subscriber of this.#subscribers) {
      const variant = subscriber.frameVariant;
      if (variant === undefined || excluded.has(subscriber)) {
        sendEach(subscriber, pending);
        continue;
      }
      let frames = joined.get(variant);
      if (frames === undefined) {
        frames = joinFrames(subscriber, pending);
        joined.set(variant, frames);
      }
      subscriber.writeShared(frames);
    }
  }

  onTurnEnd(): void {
    this.flush();
  }
}

/** For subscribers that cannot share: those left out of some messages, or with a compressor that remembers. */
function sendEach(subscriber: Subscriber, pending: readonly Publication[]): void {
  for (const { message, except } of pending) if (except !== subscriber) subscriber.sendPrepared(message);
}

function joinFrames(subscriber: Subscriber, pending: readonly Publication[]): Uint8Array {
  const frames: Uint8Array[] = [];
  for (const { message } of pending) {
    const frame = subscriber.frameFor(message);
    if (frame) frames.push(frame);
  }
  return frames.length === 1 ? frames[0]! : Buffer.concat(frames);
}
