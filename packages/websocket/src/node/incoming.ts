/**
 * The receiving side of one connection: hands received bytes to the protocol and its events to the connection, one at a
 * time, and stops whenever it is told to: while the connection opens, when the application pauses, when a rate is passed,
 * and so that one flooding peer cannot hold the event loop.
 */
import type { Duplex } from "node:stream";
import type { ProtocolEvent, WebSocketProtocol } from "../protocol/websocket-protocol.ts";
import type { ReadingRate } from "./reading-rate.ts";

/** What the receiving side hands on. */
export interface IncomingOwner {
  /** Events are about to be handled. */
  onEventsBegin(): void;
  onEvent(event: ProtocolEvent): void;
  /** All events that the bytes held were handled, or handling was stopped: answers can be written. */
  onEventsHandled(): void;
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
  #isYielding = false;
  #isResting = false;
  #isPumping = false;
  #isStopped = false;
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

  /** Whether reading is held back for longer than the opening takes, so that a pong would not be seen. */
  get isHeldBack(): boolean {
    return this.#isPaused || this.#isYielding || this.#isResting;
  }

  /** Takes bytes without handling them yet. */
  take(chunk: Uint8Array, now: number): void {
    this.#bytes += chunk.length;
    this.#protocol.receive(chunk);
    if (this.#rate) this.#rest(this.#rate.takeBytes(chunk.length, now));
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

  /** The connection is gone. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Handles the events that the received bytes hold. */
  pump(): void {
    if (this.#isPumping || this.#isStopped) return;
    this.#isPumping = true;
    this.#owner.onEventsBegin();
    const startedAt = performance.now();
    for (let events = 1; !this.#isHeld; events += 1) {
      const event = this.#protocol.nextEvent();
      if (event === undefined) break;
      if (event.type === "message" && this.#rate) this.#rest(this.#rate.takeMessage(performance.now()));
      this.#owner.onEvent(event);
      if (events % eventsPerClockReading !== 0) continue;
      if (events >= maxEventsPerTurn || performance.now() - startedAt > maxPumpMs) this.#yield();
    }
    this.#isPumping = false;
    if (this.#isStopped) return;
    this.#owner.onEventsHandled();
    this.#adjustReading();
  }

  get #isHeld(): boolean {
    return this.#isOpening || this.#isPaused || this.#isYielding || this.#isResting;
  }

  #adjustReading(): void {
    if (this.#isHeld) this.#socket.pause();
    else this.#socket.resume();
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
    if (restMs === 0 || this.#isResting) return;
    this.#isResting = true;
    const timer = setTimeout(() => {
      this.#isResting = false;
      this.pump();
    }, restMs);
    timer.unref();
  }
}
