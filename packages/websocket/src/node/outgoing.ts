/**
 * The sending side of one connection: admits frames or applies the slow-consumer policy, holds them behind a message that
 * is being streamed, hands them over once a turn, and tells when to wait and when to go on.
 */
import type { Duplex } from "node:stream";
import type { SendResult } from "./connection-host.ts";
import type { ConnectionSettings } from "./connection-settings.ts";
import { maxWriteBytes, Outbox } from "./outbox.ts";
import { atTurnEnd, type TurnEndListener } from "./turn.ts";

/** What the sending side reports to its connection. */
export interface OutgoingOwner {
  /** The socket takes no bytes for now. */
  onBlocked(): void;
  /** More is buffered than allowed; the grace runs. */
  onOverLimit(): void;
  /** The policy gives the peer up. */
  onTooSlow(bufferedBytes: number): void;
  /** Messages were dropped, as the policy says. */
  onDropped(messages: number): void;
  /** `queued` was answered before, and the buffer is below the low-water mark again. */
  onDrained(): void;
}

interface OpenStream {
  readonly behind: Uint8Array[];
  behindBytes: number;
}

const nothing = new Uint8Array(0);

export class Outgoing implements TurnEndListener {
  readonly #socket: Duplex;
  readonly #outbox: Outbox;
  readonly #settings: ConnectionSettings;
  readonly #owner: OutgoingOwner;
  /** Frames that wait for the end of a streamed message. */
  #stream: OpenStream | undefined;
  #isTurnAwaited = false;
  #isHeld = false;
  #isWriteAwaited = false;
  #isBlocked = false;
  #owesDrain = false;
  /** Whoever waits for the low-water mark. */
  #waiters: (() => void)[] | undefined;

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
  admit(bytes: number, coalesceKey?: string): boolean {
    const { maxBufferedBytes, slowConsumer } = this.#settings;
    const { bufferedBytes } = this;
    const replacedBytes = coalesceKey === undefined ? 0 : this.#outbox.waitingBytes(coalesceKey);
    const total = bufferedBytes + bytes - replacedBytes;
    // An empty buffer takes any one message, whatever its size.
    if (total <= maxBufferedBytes || bufferedBytes === 0 || this.takesAll) return true;
    switch (slowConsumer) {
      case "drop-oldest":
        this.#dropOldest(Math.max(maxBufferedBytes - bytes, 0));
        return true;
      case "drop-newest":
        this.#owner.onDropped(1);
        return false;
      case "close":
        if (total > 2 * maxBufferedBytes) break;
        this.#owner.onOverLimit();
        return true;
      case "terminate":
        break;
    }
    this.#owner.onTooSlow(total);
    return false;
  }

  /** Queues an admitted message until the end of the turn. */
  push(frame: Uint8Array, coalesceKey?: string): SendResult {
    if (this.#stream) putBehind(this.#stream, frame);
    else if (coalesceKey !== undefined) this.#outbox.pushKeyed(frame, coalesceKey);
    else this.#outbox.push(frame);
    return this.#settleQueue();
  }

  /** Queues a frame that does not wait for a streamed message: a control frame, or a fragment of that message. */
  pushAhead(frame: Uint8Array): void {
    this.#outbox.pushKept(frame);
    this.#settleQueue();
  }

  /** Writes admitted frames at once where nothing waits before them. */
  write(frames: Uint8Array): void {
    if (this.#stream) putBehind(this.#stream, frames);
    else if (this.#outbox.write(frames)) this.#noteBlocked();
    this.#settleQueue();
  }

  beginStream(): void {
    this.#stream = { behind: [], behindBytes: 0 };
  }

  /** Lets go what waited for the end of the streamed message. */
  endStream(): void {
    const stream = this.#stream;
    this.#stream = undefined;
    for (const frame of stream?.behind ?? []) this.#outbox.push(frame);
    this.#settleQueue();
  }

  /** The streamed message will never end: no other message can follow it. */
  breakStream(): void {
    this.beginStream();
  }

  /** Until `flush`, the owner promises to call it: answers leave together then, and need not wait for the turn's end. */
  hold(): void {
    this.#isHeld = true;
  }

  /** Hands over what the socket takes. */
  flush(): void {
    this.#isHeld = false;
    this.#outbox.flush();
    this.#noteBlocked();
  }

  /** Hands everything to the socket before its end. */
  flushAll(): void {
    this.#outbox.flushAll();
  }

  /** Drops all messages that the socket has not been given, so that the last words reach a slow peer sooner. */
  dropWaiting(): void {
    this.#outbox.dropAll();
  }

  /** Calls back once at most the low-water mark waits for the socket, or after the end. */
  whenLow(resolve: () => void): void {
    if (this.#isLow) {
      resolve();
      return;
    }
    (this.#waiters ??= []).push(resolve);
    this.#awaitTurn();
  }

  /** The socket takes bytes again. */
  noteDrained(): void {
    this.#isBlocked = false;
    this.flush();
    this.#tellIfLow();
  }

  /** The connection is gone. */
  end(): void {
    this.#outbox.clear();
    this.#stream = undefined;
    this.#owesDrain = false;
    this.#releaseWaiters();
  }

  onTurnEnd(): void {
    this.#isTurnAwaited = false;
    this.flush();
    this.#tellIfLow();
  }

  /** What waits behind a stream does not count: whoever feeds that stream may be the one who asks. */
  get #isLow(): boolean {
    return this.#outbox.bufferedBytes <= this.#settings.lowWaterBytes;
  }

  #settleQueue(): SendResult {
    const { queuedBytes } = this.#outbox;
    if (queuedBytes >= maxWriteBytes) this.flush();
    if (queuedBytes > 0 && !this.#isHeld) this.#awaitTurn();
    if (this.bufferedBytes <= this.#settings.highWaterBytes) return "sent";
    this.#owesDrain = true;
    this.#awaitTurn();
    return "queued";
  }

  #awaitTurn(): void {
    if (this.#isTurnAwaited) return;
    this.#isTurnAwaited = true;
    atTurnEnd(this);
  }

  #noteBlocked(): void {
    if (this.#isBlocked || !this.#socket.writableNeedDrain || this.#socket.writableLength === 0) return;
    this.#isBlocked = true;
    this.#owner.onBlocked();
  }

  #tellIfLow(): void {
    if (!this.#owesDrain && this.#waiters === undefined) return;
    if (!this.#isLow) {
      this.#awaitWrite();
      return;
    }
    this.#releaseWaiters();
    if (!this.#owesDrain) return;
    this.#owesDrain = false;
    this.#owner.onDrained();
  }

  /** The stream reports `drain` only after it has been full, and the low-water mark may lie below that. */
  #awaitWrite(): void {
    if (this.#isWriteAwaited || this.#socket.writableNeedDrain || !this.#socket.writable) return;
    this.#isWriteAwaited = true;
    this.#socket.write(nothing, () => {
      this.#isWriteAwaited = false;
      this.flush();
      this.#tellIfLow();
    });
  }

  #releaseWaiters(): void {
    const waiters = this.#waiters;
    this.#waiters = undefined;
    for (const resolve of waiters ?? []) resolve();
  }

  #dropOldest(maxBytes: number): void {
    let dropped = this.#outbox.dropOldest(maxBytes - (this.#stream?.behindBytes ?? 0));
    if (this.#stream) dropped += dropBehind(this.#stream, this.bufferedBytes - maxBytes);
    if (dropped > 0) this.#owner.onDropped(dropped);
  }
}

/** Drops the oldest of what waits until so many bytes are gone. Returns how many frames went. */
function dropBehind(stream: OpenStream, excessBytes: number): number {
  let gone = 0;
  let dropped = 0;
  while (gone < excessBytes && dropped < stream.behind.length) {
    gone += stream.behind[dropped]!.length;
    dropped += 1;
  }
  stream.behind.splice(0, dropped);
  stream.behindBytes -= gone;
  return dropped;
}

function putBehind(stream: OpenStream, frame: Uint8Array): void {
  stream.behind.push(frame);
  stream.behindBytes += frame.length;
}
