/**
 * The receiving side of one connection: hands received bytes to the protocol and its events to the connection, one at a
 * time, and stops whenever it is told to: while the connection opens, when the application pauses, when a rate is passed,
 * and so that one flooding peer cannot hold the event loop.
 */
import type { Duplex } from "node:stream";
import type { ProtocolEvent, WebSocketProtocol } from "../protocol/websocket-protocol.ts";
import { readClock } from "./clock.ts";
import type { ReadingRate } from "./reading-rate.ts";

/** What the receiving side hands on. `now` is monotonic, in milliseconds, and may be as old as the chunk. */
export interface IncomingOwner {
  /** Events are about to be handled. */
  onEventsBegin(): void;
  onEvent(event: ProtocolEvent, now: number): void;
  /** All events that the bytes held were handled, or handling was stopped: answers can be written. */
  onEventsHandled(now: number): void;
  /** Reading goes on after it was held back. */
  onReadingResumed(): void;
  /** The peer ended its half of TCP, and everything that came before is handled. */
  onInputEnd(): void;
}

const maxEventsPerTurn = 256;
const maxPumpMs = 4;
/** Reading the clock costs as much as a small message. */
const eventsPerClockReading = 16;

export class Incoming {
  readonly #socket: Duplex;
  readonly #protocol: WebSocketProtocol;
  readonly #rate: ReadingRate | undefined;
  readonly #owner: IncomingOwner;
  #isOpening = true;
  #isPaused = false;
  #dropsMessages = false;
  #isYielding = false;
  #restTimer: NodeJS.Timeout | undefined;
  #isDiscarding = false;
  #isStopped = false;
  #isPumping = false;
  /** What the socket was told last; `undefined` while it has been told nothing. */
  #isReading: boolean | undefined;
  /** Handling was stopped before the end of what has been received. */
  #hasUnread = false;
  #hasEnded = false;
  #bytes = 0;

  constructor(
    socket: Duplex,
    protocol: WebSocketProtocol,
    rate: ReadingRate | undefined,
    owner: IncomingOwner,
  ) {
    this.#socket = socket;
    this.#protocol = protocol;
    this.#rate = rate;
    this.#owner = owner;
  }

  /** Bytes received so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether reading is held back, so that a pong would not be seen. */
  get isHeldBack(): boolean {
    if (this.#isDiscarding) return false;
    return this.#isOpening || this.#isPaused || this.#isYielding || this.#restTimer !== undefined;
  }

  /** Takes bytes without handling them yet. */
  take(bytes: Uint8Array, length: number, now: number): void {
    this.#bytes += length;
    if (this.#isDiscarding) return;
    this.#hasUnread = true;
    this.#protocol.receive(bytes, length);
    if (this.#rate) this.#rest(this.#rate.takeBytes(length, now));
  }

  /** The memory that bytes came in belongs to somebody else from here on. */
  keepUnread(): void {
    if (this.#hasUnread) this.#protocol.keepUnread();
  }

  /** The peer ended its half of TCP. The owner is told when everything before it is handled. */
  end(): void {
    this.#hasEnded = true;
    this.#tellEnd();
  }

  /** The open handler takes its time: nothing is read until it is done. */
  holdReading(): void {
    this.#adjustReading();
  }

  /** The open handler is done: messages may come. */
  finishOpening(): void {
    this.#isOpening = false;
    this.pump();
  }

  pause(): void {
    this.#isPaused = true;
    this.#adjustReading();
  }

  resume(): void {
    this.#isPaused = false;
    this.pump();
  }

  /**
   * Our Close frame is sent. Reading goes on although the application has paused it, or the peer's answer would never be
   * seen; but the application gets no message that it has not asked for.
   */
  endPause(): void {
    if (!this.#isPaused) return;
    this.#dropsMessages = true;
    this.resume();
  }

  /** Nothing will be handled any more; the socket is read on, whatever held it back, so that its end is seen. */
  discard(): void {
    this.#isDiscarding = true;
    this.#hasUnread = false;
    this.#cancelRest();
    this.#adjustReading();
    if (!this.#isPumping) this.#tellEnd();
  }

  /** The connection is gone. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelRest();
  }

  /** Handles the events that the received bytes hold. */
  pump(now: number = readClock()): void {
    if (this.#isPumping || this.#isStopped) return;
    this.#isPumping = true;
    this.#owner.onEventsBegin();
    let latest = now;
    for (let events = 1; !this.isHeldBack; events += 1) {
      const event = this.#protocol.nextEvent();
      if (event === undefined) {
        this.#hasUnread = false;
        break;
      }
      if (event.type === "message" && this.#rate) this.#rest(this.#rate.takeMessage(latest));
      if (event.type !== "message" || !this.#dropsMessages) this.#owner.onEvent(event, latest);
      if (events % eventsPerClockReading !== 0) continue;
      latest = readClock();
      if (events >= maxEventsPerTurn || latest - now > maxPumpMs) this.#yield();
    }
    this.#isPumping = false;
    if (this.#isStopped) return;
    this.#owner.onEventsHandled(latest);
    this.#adjustReading();
    this.#tellEnd();
  }

  #adjustReading(): void {
    const reads = !this.isHeldBack;
    if (reads === this.#isReading) return;
    this.#isReading = reads;
    if (reads) {
      this.#owner.onReadingResumed();
      this.#socket.resume();
    } else {
      this.#socket.pause();
    }
  }

  #tellEnd(): void {
    if (!this.#hasEnded || this.#hasUnread || this.#isStopped) return;
    this.#hasEnded = false;
    this.#owner.onInputEnd();
  }

  /** Lets others have their turn. */
  #yield(): void {
    this.#isYielding = true;
    setImmediate(() => {
      this.#isYielding = false;
      this.pump();
    });
  }

  /** Rests reading, if a rate was passed. */
  #rest(restMs: number): void {
    if (restMs === 0 || this.#restTimer || this.#isDiscarding) return;
    this.#restTimer = setTimeout(() => {
      this.#restTimer = undefined;
      this.pump();
    }, restMs);
    this.#restTimer.unref();
  }

  #cancelRest(): void {
    clearTimeout(this.#restTimer);
    this.#restTimer = undefined;
  }
}
