/**
 * Outgoing frames of one connection. What is queued within one turn of the event loop leaves as one write; a single
 * buffer, such as the one that a topic shares among its subscribers, is written as it is. While the socket is backed up,
 * frames wait here and not in the stream, so that a slow consumer's oldest can be dropped or replaced.
 */
import type { Duplex } from "node:stream";
import { atTurnEnd, type TurnEndListener } from "./turn.ts";

export class Outbox implements TurnEndListener {
  readonly #socket: Duplex;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #isWaiting = false;
  #isHeld = false;
  /** Waiting frames by coalescing key. */
  #byKey: Map<string, Uint8Array> | undefined;

  constructor(socket: Duplex) {
    this.#socket = socket;
  }

  /** Bytes that the kernel has not taken yet. */
  get bufferedBytes(): number {
    return this.#queuedBytes + this.#socket.writableLength;
  }

  /** Until `flush`, the owner promises to call it: no need to wait for the end of the turn. */
  hold(): void {
    this.#isHeld = true;
  }

  /** Queues bytes until the end of the turn, or until `flush`. */
  push(bytes: Uint8Array): void {
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
    if (this.#isWaiting || this.#isHeld) return;
    this.#isWaiting = true;
    atTurnEnd(this);
  }

  /** Queues bytes in the place of those that wait under the same key, if any do. */
  pushKeyed(bytes: Uint8Array, key: string): void {
    this.#byKey ??= new Map();
    const earlier = this.#byKey.get(key);
    this.#byKey.set(key, bytes);
    const place = earlier === undefined ? -1 : this.#queue.indexOf(earlier);
    if (earlier === undefined || place < 0) {
      this.push(bytes);
      return;
    }
    this.#queue[place] = bytes;
    this.#queuedBytes += bytes.length - earlier.length;
  }

  /** Writes at once, unless earlier bytes wait. */
  write(bytes: Uint8Array): void {
    if (this.#queue.length > 0 || this.#socket.writableNeedDrain) this.push(bytes);
    else if (this.#socket.writable) this.#socket.write(bytes);
  }

  /** Hands everything to the socket if it takes bytes; the owner calls again when the socket has drained. */
  flush(): void {
    this.#isHeld = false;
    if (this.#queue.length === 0 || this.#socket.writableNeedDrain) return;
    this.flushAll();
  }

  /** Hands everything to the socket, backed up or not: before the end of the stream. */
  flushAll(): void {
    const queue = this.#queue;
    if (queue.length === 0) return;
    const bytes = this.#queuedBytes;
    this.clear();
    if (this.#socket.writable)
      this.#socket.write(queue.length === 1 ? queue[0]! : Buffer.concat(queue, bytes));
  }

  /** Drops the oldest waiting buffers until at most `maxBytes` are buffered. Returns how many buffers went. */
  dropOldest(maxBytes: number): number {
    let dropped = 0;
    while (dropped < this.#queue.length && this.bufferedBytes > maxBytes) {
      this.#queuedBytes -= this.#queue[dropped]!.length;
      dropped += 1;
    }
    this.#queue.splice(0, dropped);
    return dropped;
  }

  /** Drops all that waits. */
  clear(): void {
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#byKey = undefined;
  }

  onTurnEnd(): void {
    this.#isWaiting = false;
    this.flush();
  }
}
