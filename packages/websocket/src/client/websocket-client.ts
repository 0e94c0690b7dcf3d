/**
 * An open client connection as the application holds it: send, receive with a timeout or by handler, iterate, close.
 * Made by {@link connect} only; bytes, clocks and closing are the connection's below it.
 */
import type { Socket } from "node:net";
import type { Failure } from "../failures/failure.ts";
import type { CloseReport } from "../node/close-report.ts";
import { WebSocketConnection } from "../node/connection.ts";
import type {
  ConnectionHandlers,
  OutgoingCompression,
  SendOptions,
  SendResult,
} from "../node/connection-host.ts";
import type { ConnectionSettings } from "../node/connection-settings.ts";
import { TimerWheel } from "../node/timer-wheel.ts";
import type { HeaderLine } from "../protocol/header-fields.ts";
import type { NegotiatedDeflate } from "../protocol/permessage-deflate.ts";
import type { StageTimings } from "./connect-error.ts";
import type { ClientHandlers } from "./connect-options.ts";
import {
  ReceiveQueue,
  type ReceiveOptions,
  type ReceiveQueueLimits,
  type ReceiveResult,
} from "./receive-queue.ts";
import { ConnectionClosedError, findEndFailure } from "./received-close.ts";

/** What `connect` hands over once the 101 is verified. */
export interface ClientOpening {
  readonly id: string;
  /** Normalised, without user info; after redirects the last one. */
  readonly url: string;
  readonly socket: Socket;
  readonly handlers: ClientHandlers;
  readonly settings: ConnectionSettings;
  readonly compression: OutgoingCompression;
  readonly receiveQueue: ReceiveQueueLimits;
  readonly subprotocol: string;
  readonly deflate: NegotiatedDeflate | undefined;
  readonly responseHeaders: readonly HeaderLine[];
  readonly timings: StageTimings;
  onFailure(failure: Failure, cause?: unknown): void;
}

/** One for all clients of the process. */
const wheel = new TimerWheel();

export class WebSocketClient implements AsyncIterable<string | Uint8Array> {
  readonly url: string;
  /** The headers of the 101. */
  readonly responseHeaders: readonly HeaderLine[];
  /** How long each stage of the opening took. */
  readonly timings: StageTimings;
  /** Resolves once, when the connection has ended in whatever way. Never rejects. */
  readonly closed: Promise<CloseReport>;

  readonly #connection: WebSocketConnection<WebSocketClient>;
  readonly #handlers: ClientHandlers;
  readonly #queue: ReceiveQueue;
  readonly #canCompress: boolean;
  #resolveClosed: (report: CloseReport) => void = () => {};
  /** Nobody will receive any more: messages are dropped so that the closing handshake can be read. */
  #isDiscarding = false;
  #isPausedByUser = false;
  #isPausedByQueue = false;

  /** @internal */
  constructor(opening: ClientOpening) {
    const { id, socket, settings, subprotocol, deflate } = opening;
    this.url = opening.url;
    this.responseHeaders = opening.responseHeaders;
    this.timings = opening.timings;
    this.#handlers = opening.handlers;
    this.#queue = new ReceiveQueue(opening.receiveQueue);
    // zlib cannot keep to a window of 8 bits; uncompressed messages are always legal (RFC 7692 §6.1).
    this.#canCompress = deflate?.clientMaxWindowBits !== 8;
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    this.#connection = new WebSocketConnection<WebSocketClient>({
      id,
      role: "client",
      socket,
      subprotocol,
      deflate,
      data: this,
      host: {
        handlers: WebSocketClient.#connectionHandlers,
        settings,
        compression: opening.compression,
        wheel,
        onClosed: () => {},
        report: (failure, _connection, cause) => opening.onFailure(failure, cause),
      },
    });
  }

  // One object for all clients; the connection's data is the client.
  static readonly #connectionHandlers: ConnectionHandlers<WebSocketClient> = {
    message: ({ data: client }, message) => client.#take(message),
    ping: ({ data: client }, payload) => client.#handlers.ping?.(client, payload),
    pong: ({ data: client }, payload) => client.#handlers.pong?.(client, payload),
    drain: ({ data: client }) => client.#handlers.drain?.(client),
    warning: ({ data: client }, failure) => client.#handlers.warning?.(client, failure),
    close: ({ data: client }, report) => client.#end(report),
  };

  /** @internal Begins to read; `head` is what came behind the 101. */
  start(head: Uint8Array): void {
    this.#connection.start(head);
  }

  /** @internal Closes with a code that applications may not use. */
  closeAs(code: number, reason: string): void {
    this.#connection.close(code, reason, { allowReserved: true });
  }

  /** Open in both directions: no Close frame has been sent or received. */
  get isOpen(): boolean {
    return this.#connection.isOpen;
  }

  /** The agreed subprotocol, or an empty string. */
  get subprotocol(): string {
    return this.#connection.subprotocol;
  }

  /** Bytes sent but not yet taken by the kernel; frame headers count, unlike in a browser's `bufferedAmount`. */
  get bufferedBytes(): number {
    return this.#connection.bufferedBytes;
  }

  /** Whether messages are compressed when they are large enough. */
  get isCompressed(): boolean {
    return this.#connection.isCompressed;
  }

  /**
   * Sends one message: text for a string, binary for bytes, always masked with a fresh random key. Never throws for the
   * state or the speed of the peer: see {@link SendResult}.
   */
  send(data: string | Uint8Array, options: SendOptions = {}): SendResult {
    return this.#connection.send(data, this.#canCompress ? options : { ...options, compress: false });
  }

  /**
   * Sends a ping; resolves with the round-trip time in milliseconds. Rejects with a `FailureError` if the connection ends
   * before the pong. The heartbeat needs no help: see `pingIntervalMs`.
   */
  ping(): Promise<number> {
    return this.#connection.ping();
  }

  /** Resolves once at most the low-water mark is buffered, or the connection has ended. */
  ready(): Promise<void> {
    return this.#connection.ready();
  }

  /** Stops reading: TCP's flow control then slows the server down. */
  pause(): void {
    this.#isPausedByUser = true;
    this.#connection.pause();
  }

  resume(): void {
    this.#isPausedByUser = false;
    if (!this.#isPausedByQueue) this.#connection.resume();
  }

  /**
   * Gives the next message, or says that none came in time, or that the connection has ended. A timeout closes, loses and
   * shifts nothing. Concurrent calls are served first come, first served. Not for use beside a `message` handler.
   */
  receive(options: ReceiveOptions = {}): Promise<ReceiveResult> {
    const result = this.#queue.take(options);
    this.#readOn();
    return result;
  }

  /**
   * The messages one after the other. Ends after an ordinary close (1000, 1001, 1005, or this side's own); throws a
   * {@link ConnectionClosedError} after any other. Leaving the loop closes with 1000.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<string | Uint8Array, void, void> {
    try {
      for (;;) {
        const result = await this.receive();
        if (result.type === "message") yield result.data;
        else if (result.type === "closed") {
          const failure = findEndFailure(result.report);
          if (failure) throw new ConnectionClosedError(failure, result.report);
          return;
        }
      }
    } finally {
      this.#discard();
      void this.close();
    }
  }

  /**
   * Starts the closing handshake; what was sent before goes first. Resolves like `closed`. Messages that still arrive are
   * delivered as far as the receive queue holds them.
   * @throws FailureError `close-code-not-allowed` for a code other than 1000 and 3000–4999, `close-reason-too-long` above
   * 123 bytes of UTF-8.
   */
  close(code?: number, reason?: string): Promise<CloseReport> {
    this.#connection.close(code, reason);
    this.#readOn();
    return this.closed;
  }

  /** Ends TCP at once, without a Close frame; the server sees 1006. */
  terminate(): void {
    this.#connection.terminate();
  }

  /** For `await using`: closes with 1000 and waits for the end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#discard();
    await this.close();
  }

  #take(message: string | Uint8Array): void | Promise<void> {
    if (this.#handlers.message) return this.#handlers.message(this, message);
    // Once we close, the queue must not keep the peer's Close frame from being read.
    if (this.#isDiscarding || (this.#queue.isFull && !this.isOpen)) return undefined;
    this.#queue.push(message);
    if (!this.#queue.isFull || !this.isOpen) return undefined;
    this.#isPausedByQueue = true;
    this.#connection.pause();
    return undefined;
  }

  #readOn(): void {
    if (!this.#isPausedByQueue || (this.isOpen && !this.#queue.hasRoom)) return;
    this.#isPausedByQueue = false;
    if (!this.#isPausedByUser) this.#connection.resume();
  }

  #discard(): void {
    this.#isDiscarding = true;
    this.#queue.clear();
    this.#readOn();
  }

  #end(report: CloseReport): void {
    this.#queue.end(report);
    this.#resolveClosed(report);
    this.#handlers.close?.(this, report);
  }
}
