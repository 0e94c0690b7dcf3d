/**
 * Outgoing frames of one connection that the socket has not been given yet: they wait for the end of the turn, to leave as
 * one write, and while the socket is backed up, so that a slow consumer's oldest can be dropped or replaced. A single
 * buffer, such as the one that a topic shares among its subscribers, is written as it is.
 */
import type { Duplex } from "node:stream";

/**
 * The socket is given no more than this at once. It tells only when it has passed on a whole write, so larger ones would
 * hide for minutes that a slow peer makes progress, and could not be dropped.
 */
export const maxWriteBytes = 256 * 1024;

export class Outbox {
  readonly #socket: Duplex;
  /** `undefined` while nothing waits: so it is with nearly all connections at any time. */
  #queue: Uint8Array[] | undefined;
  #queuedBytes = 0;
  /** The first of the queue is the rest of a frame whose start is written. */
  #isFirstStarted = false;
  /** Waiting frames by coalescing key. */
  #byKey: Map<string, Uint8Array> | undefined;
  /** Waiting frames that must not be dropped. */
  #kept: Set<Uint8Array> | undefined;

  constructor(socket: Duplex) {
    this.#socket = socket;
  }

  /** Bytes that the kernel has not taken yet. */
  get bufferedBytes(): number {
    return this.#queuedBytes + this.#socket.writableLength;
  }

  /** Bytes that the socket has not been given yet. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Queues bytes until the next `flush`. */
  push(bytes: Uint8Array): void {
    if (this.#queue === undefined) this.#queue = [bytes];
    else this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
  }

  /** Queues a frame that is never dropped: a control frame, or a fragment. Not for bytes that others share. */
  pushKept(frame: Uint8Array): void {
    (this.#kept ??= new Set()).add(frame);
    this.push(frame);
  }

  /** Queues bytes in the place of those that wait under the same key, if any do. */
  pushKeyed(bytes: Uint8Array, key: string): void {
    this.#byKey ??= new Map();
    const earlier = this.#byKey.get(key);
    this.#byKey.set(key, bytes);
    const queue = this.#queue ?? [];
    const place = earlier === undefined ? -1 : queue.indexOf(earlier);
    if (earlier === undefined || place < 0) {
      this.push(bytes);
      return;
    }
    queue[place] = bytes;
    this.#queuedBytes += bytes.length - earlier.length;
  }

  /** Size of what a push under this key would replace. */
  waitingBytes(key: string): number {
    return this.#byKey?.get(key)?.length ?? 0;
  }

  /** Writes at once, unless something waits before. False if the bytes were queued. */
  write(bytes: Uint8Array): boolean {
    if (this.#queue !== undefined || !this.#isTaking || bytes.length > maxWriteBytes) {
      this.push(bytes);
      return false;
    }
    if (this.#socket.writable) this.#socket.write(bytes);
    return true;
  }

  /** Hands over as much as the socket takes; the owner calls again when it has drained. */
  flush(): void {
    while (this.#queue !== undefined && this.#isTaking) this.#writeSome(this.#queue);
  }

  /** Hands everything to the socket, backed up or not: before the end of the stream. */
  flushAll(): void {
    if (this.#queue === undefined) return;
    const bytes = this.#joinAll(this.#queue);
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  /** Drops the oldest waiting messages until at most `maxBytes` are buffered. Returns how many buffers went. */
  dropOldest(maxBytes: number): number {
    let excess = this.bufferedBytes - maxBytes;
    let dropped = 0;
    const kept = this.#queue?.filter((bytes, index) => {
      if (excess <= 0 || (index === 0 && this.#isFirstStarted) || this.#kept?.has(bytes)) return true;
      excess -= bytes.length;
      this.#queuedBytes -= bytes.length;
      dropped += 1;
      return false;
    });
    this.#queue = kept?.length === 0 ? undefined : kept;
    if (dropped > 0) this.#forgetKeys();
    return dropped;
  }

  /** Drops all messages that wait; frames that must not be dropped stay. */
  dropAll(): void {
    this.dropOldest(Number.NEGATIVE_INFINITY);
  }

  /** Drops everything. */
  clear(): void {
    this.#queue = undefined;
    this.#queuedBytes = 0;
    this.#isFirstStarted = false;
    this.#byKey = undefined;
    this.#kept = undefined;
  }

  /**
   * What the kernel took within this turn still counts as backed up in the stream until the next one, although nothing
   * is left of it.
   */
  get #isTaking(): boolean {
    return !this.#socket.writableNeedDrain || this.#socket.writableLength === 0;
  }

  #writeSome(queue: Uint8Array[]): void {
    const bytes = this.#queuedBytes <= maxWriteBytes ? this.#joinAll(queue) : this.#takeSome(queue);
    this.#forgetKeys();
    if (this.#socket.writable) this.#socket.write(bytes);
    else this.clear();
  }

  #joinAll(queue: readonly Uint8Array[]): Uint8Array {
    const bytes = this.#queuedBytes;
    this.clear();
    return queue.length === 1 ? queue[0]! : Buffer.concat(queue, bytes);
  }

  /** Of a queue with more than one write in it, so that something is left. */
  #takeSome(queue: Uint8Array[]): Uint8Array {
    const first = queue[0]!;
    if (first.length > maxWriteBytes) {
      queue[0] = first.subarray(maxWriteBytes);
      this.#queuedBytes -= maxWriteBytes;
      this.#isFirstStarted = true;
      this.#kept?.delete(first);
      return first.subarray(0, maxWriteBytes);
    }
    let bytes = 0;
    let count = 0;
    while (bytes + queue[count]!.length <= maxWriteBytes) {
      bytes += queue[count]!.length;
      count += 1;
    }
    const taken = queue.splice(0, count);
    this.#queuedBytes -= bytes;
    this.#isFirstStarted = false;
    if (this.#kept) for (const frame of taken) this.#kept.delete(frame);
    return Buffer.concat(taken, bytes);
  }

  /** Lets go of keys whose frames wait no more. */
  #forgetKeys(): void {
    if (this.#byKey === undefined) return;
    const waiting = new Set(this.#queue ?? []);
    for (const [key, frame] of this.#byKey) if (!waiting.has(frame)) this.#byKey.delete(key);
  }
}
