/**
 * Outgoing frames of one connection. What is queued within one turn of the event loop leaves as one write; a single
 * buffer, such as the one that a topic shares among its subscribers, is written as it is.
 */
import type { Duplex } from "node:stream";
import { atTurnEnd, type TurnEndListener } from "./turn.ts";

export class Outbox implements TurnEndListener {
  readonly #socket: Duplex;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #isWaiting = false;

  constructor(socket: Duplex) {
    this.#socket = socket;
  }

  /** Bytes that the kernel has not taken yet. */
  get bufferedBytes(): number {
    return this.#queuedBytes + this.#socket.writableLength;
  }

  /** Queues bytes until the end of the turn, or until `flush`. */
  push(bytes: Uint8Array): void {
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    atTurnEnd(this);
  }

  /** Writes at once if nothing is queued before these bytes; else they wait in line. */
  write(bytes: Uint8Array): void {
    if (this.#queue.length > 0) this.push(bytes);
    else if (this.#socket.writable) this.#socket.write(bytes);
  }

  flush(): void {
    const queue = this.#queue;
    if (queue.length === 0) return;
    const bytes = this.#queuedBytes;
    this.clear();
    if (this.#socket.writable) this.#socket.write(queue.length === 1 ? queue[0]! : Buffer.concat(queue, bytes));
  }

  /** Drops what is queued and not yet handed to the socket. */
  clear(): void {
    this.#queue = [];
    this.#queuedBytes = 0;
  }

  onTurnEnd(): void {
    this.#isWaiting = false;
    this.flush();
  }
}
