/**
 * The sending side of one connection: admits frames or applies the slow-consumer policy, holds them behind a message that
 * is being streamed, and tells when to wait and when to go on.
 */
import type { Duplex } from "node:stream";
import type { SendResult } from "./connection-host.ts";
import type { ConnectionSettings } from "./connection-settings.ts";
import { Outbox } from "./outbox.ts";

/** What the sending side reports to its connection. */
export interface OutgoingOwner {
  /** The socket takes no bytes for now. */
  onBlocked(): void;
  /** More is buffered than allowed; the grace runs. */
  onOverLimit(): void;
  /** The policy gives the peer up. */
  onTooSlow(bufferedBytes: number): void;
  /** A message was dropped, as the policy says. */
  onDropped(): void;
}

interface OpenStream {
  readonly behind: Uint8Array[];
  behindBytes: number;
}

export class Outgoing {
  readonly #socket: Duplex;
  readonly #outbox: Outbox;
  readonly #settings: ConnectionSettings;
  readonly #owner: OutgoingOwner;
  /** Frames that wait for the end of a streamed message. */
  #stream: OpenStream | undefined;
  #isBlocked = false;
  #owesDrain = false;

  /** Set for the last words of a failing connection: they are sent whatever is buffered. */
  takesAll = false;

  constructor(socket: Duplex, settings: ConnectionSettings, owner: OutgoingOwner) {
    this.#socket = socket;
    this.#outbox = new Outbox(socket);
    this.#settings = settings;
    this.#owner = owner;
  }

  get bufferedBytes(): number {
    return this.#outbox.bufferedBytes + (this.#stream?.behindBytes ?? 0);
  }

  /** Whether a streamed message is open. */
  get isStreaming(): boolean {
    return this.#stream !== undefined;
  }

  /** Applies the slow-consumer policy to bytes that are about to be queued; false if they must not be. */
  admit(bytes: number): boolean {
    const { maxBufferedBytes, slowConsumer } = this.#settings;
    const { bufferedBytes } = this;
    const total = bufferedBytes + bytes;
    // An empty buffer takes any one message, whatever its size.
    if (total <= maxBufferedBytes || bufferedBytes === 0 || this.takesAll) return true;
    switch (slowConsumer) {
      case "drop-oldest": {
        const dropped = this.#outbox.dropOldest(Math.max(maxBufferedBytes - bytes, 0));
        for (let i = 0; i < dropped; i += 1) this.#owner.onDropped();
        return true;
      }
      case "drop-newest":
        this.#owner.onDropped();
        return false;
      case "close":
        if (total <= 2 * maxBufferedBytes) {
          this.#owner.onOverLimit();
          return true;
        }
        this.#owner.onTooSlow(total);
        return false;
      case "terminate":
        this.#owner.onTooSlow(total);
        return false;
    }
  }

  /** Queues an admitted message until the end of the turn. */
  push(frame: Uint8Array, coalesceKey?: string): SendResult {
    if (this.#stream) this.#hold(this.#stream, frame);
    else if (coalesceKey !== undefined) this.#outbox.pushKeyed(frame, coalesceKey);
    else this.#outbox.push(frame);
    return this.#measure();
  }

  /** Queues a frame that does not wait for a streamed message: a control frame, or a fragment of that message. */
  pushAhead(frame: Uint8Array): SendResult {
    this.#outbox.push(frame);
    return this.#measure();
  }

  /** Writes admitted frames at once where nothing waits before them. */
  write(frames: Uint8Array): void {
    if (this.#stream) this.#hold(this.#stream, frames);
    else this.#outbox.write(frames);
    this.#measure();
  }

  beginStream(): void {
    this.#stream = { behind: [], behindBytes: 0 };
  }

  /** Lets go what waited for the end of the streamed message. */
  endStream(): void {
    const stream = this.#stream;
    this.#stream = undefined;
    for (const frame of stream?.behind ?? []) this.#outbox.push(frame);
  }

  /** Answers that follow until `flush` leave together then. */
  hold(): void {
    this.#outbox.hold();
  }

  flush(): void {
    this.#outbox.flush();
  }

  /** Hands everything to the socket before its end. */
  flushAll(): void {
    this.#outbox.flushAll();
  }

  clear(): void {
    this.#outbox.clear();
    this.#stream = undefined;
  }

  /** The socket takes bytes again. True if the application has to be told. */
  noteDrained(): boolean {
    this.#isBlocked = false;
    this.#outbox.flush();
    this.#measure();
    if (!this.#owesDrain || this.bufferedBytes > this.#settings.lowWaterBytes) return false;
    this.#owesDrain = false;
    return true;
  }

  #hold(stream: OpenStream, frame: Uint8Array): void {
    stream.behind.push(frame);
    stream.behindBytes += frame.length;
  }

  #measure(): SendResult {
    if (this.#socket.writableNeedDrain && !this.#isBlocked) {
      this.#isBlocked = true;
      this.#owner.onBlocked();
    }
    if (this.bufferedBytes <= this.#settings.highWaterBytes) return "sent";
    this.#owesDrain = true;
    return "queued";
  }
}
