/**
 * What a topic published in one turn, on its way to the subscribers of that moment: one buffer that they share, written a
 * slice at a time, and to any one of them ahead of its turn when something else is to be sent to it.
 */
import type { WebSocketConnection } from "./connection.ts";
import type { PreparedMessage } from "./prepared-message.ts";

export interface Publication {
  readonly message: PreparedMessage;
  readonly except: WebSocketConnection | undefined;
}

export class TopicDelivery {
  readonly #publications: readonly Publication[];
  readonly #excluded: Set<WebSocketConnection> | undefined;
  /** Joined frames by the variant that a connection takes. */
  readonly #joined = new Map<number, Uint8Array>();
  /** Who has not been served, of a delivery in slices. */
  #waiting: Set<WebSocketConnection> | undefined;

  constructor(publications: readonly Publication[]) {
    this.#publications = publications;
    for (const { except } of publications) if (except) (this.#excluded ??= new Set()).add(except);
  }

  /** Serves all at once. */
  serveAll(subscribers: ReadonlySet<WebSocketConnection>): void {
    for (const subscriber of subscribers) this.#write(subscriber);
  }

  /** Takes note of whom to serve, a slice at a time. */
  begin(subscribers: ReadonlySet<WebSocketConnection>): void {
    this.#waiting = new Set(subscribers);
  }

  /** Whether all are served. */
  get isDone(): boolean {
    return this.#waiting === undefined || this.#waiting.size === 0;
  }

  /** Serves at most so many. Returns how many. */
  serveSome(most: number): number {
    let served = 0;
    for (const subscriber of this.#waiting ?? []) {
      if (served === most) break;
      served += 1;
      this.#waiting?.delete(subscriber);
      this.#write(subscriber);
    }
    return served;
  }

  /** Serves one ahead of its turn, if it waits. */
  serve(subscriber: WebSocketConnection): void {
    if (this.#waiting?.delete(subscriber)) this.#write(subscriber);
  }

  #write(subscriber: WebSocketConnection): void {
    const variant = subscriber.frameVariant;
    if (variant === undefined || this.#excluded?.has(subscriber)) {
      this.#sendEach(subscriber);
      return;
    }
    let frames = this.#joined.get(variant);
    if (frames === undefined) {
      frames = this.#join(subscriber);
      this.#joined.set(variant, frames);
    }
    subscriber.writeShared(frames);
  }

  /** For those that cannot share: left out of some messages, or with a compressor that remembers. */
  #sendEach(subscriber: WebSocketConnection): void {
    for (const { message, except } of this.#publications) {
      if (except === subscriber) continue;
      const frame = subscriber.frameFor(message);
      if (frame) subscriber.writeShared(frame);
      else subscriber.writeOwn(message.data);
    }
  }

  #join(subscriber: WebSocketConnection): Uint8Array {
    const frames: Uint8Array[] = [];
    for (const { message } of this.#publications) {
      const frame = subscriber.frameFor(message);
      if (frame) frames.push(frame);
    }
    return frames.length === 1 ? frames[0]! : Buffer.concat(frames);
  }
}
