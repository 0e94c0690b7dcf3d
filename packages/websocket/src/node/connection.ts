/**
 * An open WebSocket on a socket: pumps bytes between the socket and the protocol core, keeps the clocks, and tells the
 * application. Made by the server after its 101 and by the client after it has verified one.
 */
import type { Duplex } from "node:stream";
import { engineFailures } from "../failures/engine-failures.ts";
import { type Failure, FailureError } from "../failures/failure.ts";
import { closeCodes, isApplicationCloseCode, judgeCloseCode } from "../protocol/close-codes.ts";
import type { ConnectionState } from "../protocol/connection-states.ts";
import { opcodes, type Role } from "../protocol/opcodes.ts";
import {
  maxCloseReasonBytes,
  type ProtocolEvent,
  WebSocketProtocol,
} from "../protocol/websocket-protocol.ts";
import { adoptSocket, type SocketOwner } from "./adopted-socket.ts";
import type { CloseReport } from "./close-report.ts";
import { ConnectionClocks } from "./connection-clocks.ts";
import type { ConnectionHost, ConnectionOpening, SendOptions, SendResult } from "./connection-host.ts";
import { Incoming } from "./incoming.ts";
import { MessageStream } from "./message-stream.ts";
import { Outgoing } from "./outgoing.ts";
import type { PreparedMessage } from "./prepared-message.ts";
import { protocolOptionsOf } from "./protocol-options.ts";
import { createReadingRate } from "./reading-rate.ts";
import { type RoundTrip, RoundTrips } from "./round-trips.ts";
import type { TimedItem } from "./timer-wheel.ts";
import type { Topic } from "./topic.ts";

/** After our last byte the socket is read and discarded this long, so that unread input does not turn FIN into RST. */
const lingerMs = 2000;
/** Dropped messages are reported together, so often at most. */
const dropReportMs = 1000;

export class WebSocketConnection<Data = unknown> implements TimedItem, SocketOwner {
  /** Unique for ever; never reused like a descriptor. */
  readonly id: string;
  /** The application's own. */
  data: Data;
  /** The agreed subprotocol, or an empty string. */
  readonly subprotocol: string;

  /** Made with the first topic: most connections of a raw server have none. */
  #topics: Set<Topic> | undefined;
  readonly #role: Role;
  readonly #socket: Duplex;
  readonly #host: ConnectionHost<Data>;
  readonly #protocol: WebSocketProtocol;
  readonly #outgoing: Outgoing;
  readonly #clocks: ConnectionClocks;
  readonly #incoming: Incoming;
  #roundTrips: RoundTrips | undefined;
  #isClosed = false;
  #initiator: CloseReport["initiator"] = "network";
  #tcpEnd: CloseReport["tcp"] = "destroyed";
  /** When our Close frame was queued. */
  #closingAt = 0;
  /** When a connection that is ending is cut off. */
  #endBy = 0;
  #failure: Failure | undefined;
  #consequences: Failure[] | undefined;
  #droppedMessages = 0;
  readonly #bytesBefore: number;

  constructor(opening: ConnectionOpening<Data>) {
    const { id, role, socket, host, data, subprotocol, deflate } = opening;
    const { settings, wheel } = host;
    this.id = id;
    this.data = data;
    this.subprotocol = subprotocol;
    this.#role = role;
    this.#socket = socket;
    this.#host = host;
    this.#protocol = new WebSocketProtocol(protocolOptionsOf(host, role), deflate);
    this.#outgoing = new Outgoing(socket, settings, this);
    const now = wheel.now();
    this.#clocks = new ConnectionClocks(settings, now);
    this.#incoming = new Incoming(socket, this.#protocol, createReadingRate(settings, now), this);
    this.#bytesBefore = bytesWrittenTo(socket);
    adoptSocket(socket, this, {
      useSharedBuffer: settings.sharedReadBuffer,
      hasHeartbeat: settings.pingIntervalMs > 0,
    });
  }

  /** Topics that this connection subscribes to; maintained by {@link Topic}. */
  get topics(): Set<Topic> {
    return (this.#topics ??= new Set());
  }

  /** Open in both directions: no Close frame has been sent or received. */
  get isOpen(): boolean {
    return this.#protocol.state === "open" && !this.#isClosed;
  }

  get state(): ConnectionState {
    return this.#isClosed ? "closed" : this.#protocol.state;
  }

  /** Bytes sent but not yet taken by the kernel. */
  get bufferedBytes(): number {
    return this.#outgoing.bufferedBytes;
  }

  /** Whether messages are compressed when they are large enough. */
  get isCompressed(): boolean {
    return this.#protocol.deflater !== undefined;
  }

  /** Round-trip times of the pings so far; `undefined` before the first pong. */
  get roundTrip(): RoundTrip | undefined {
    return this.#roundTrips?.latest;
  }

  /** Frame bytes received since the handshake. */
  get bytesReceived(): number {
    return this.#incoming.bytes;
  }

  /** Frame bytes handed to the socket since the handshake. */
  get bytesSent(): number {
    return bytesWrittenTo(this.#socket) - this.#bytesBefore;
  }

  /** Milliseconds since the connection opened. */
  get ageMs(): number {
    return Math.round(this.#host.wheel.now() - this.#clocks.openedAt);
  }

  /** Milliseconds since anything was received. */
  get silentMs(): number {
    return Math.round(this.#host.wheel.now() - this.#clocks.lastReceivedAt);
  }

  /**
   * Begins reading and calls the open handler. `head` is what came behind the handshake. The owner calls this once, after
   * the 101 is written and the connection is registered.
   */
  start(head: Uint8Array): void {
    const now = this.#host.wheel.now();
    this.#judgeClocks(now);
    if (head.length > 0) this.#take(head, head.length, now);
    const opened = this.#callHandler("open", () => this.#host.handlers.open?.(this));
    // The open handler comes before the first message.
    if (opened === undefined) this.#incoming.finishOpening();
    else void this.#holdUntil(opened);
  }

  async #holdUntil(opened: Promise<void>): Promise<void> {
    this.#incoming.holdReading();
    await opened;
    this.#incoming.finishOpening();
  }

  /** Sends one message: text for a string, binary for bytes. Never throws for the state or the speed of the peer. */
  send(data: string | Uint8Array, options?: SendOptions): SendResult {
    const coalesceKey = options?.coalesceKey;
    if (!this.isOpen) return "closed";
    this.#flushTopics();
    if (!this.#outgoing.admit(data.length, coalesceKey)) return "dropped";
    const frame = this.#protocol.encodeMessage(data, this.#isCompressible(data, options));
    if (!(frame instanceof Uint8Array)) return "closed";
    return this.#outgoing.push(frame, coalesceKey);
  }

  #isCompressible(data: string | Uint8Array, options?: SendOptions): boolean {
    const { deflater } = this.#protocol;
    if (deflater === undefined) return false;
    const { compress, coalesceKey } = options ?? {};
    // The next message would refer back to one that was dropped, and the peer could not inflate it.
    const isDroppable = coalesceKey !== undefined || this.#host.settings.slowConsumer === "drop-oldest";
    if (isDroppable && !deflater.isShareable) return false;
    return compress ?? data.length >= this.#host.compression.thresholdBytes;
  }

  /** Sends a message that was prepared once for many connections. */
  sendPrepared(message: PreparedMessage): SendResult {
    const frame = this.frameFor(message);
    if (frame === undefined) return this.send(message.data);
    if (!this.isOpen) return "closed";
    this.#flushTopics();
    if (!this.#outgoing.admit(frame.length)) return "dropped";
    return this.#outgoing.push(frame);
  }

  /**
   * The shared frame of a prepared message as this connection takes it, or `undefined` if it needs one of its own: its
   * compressor remembers earlier messages, or it is a client's, which masks.
   */
  frameFor(message: PreparedMessage): Uint8Array | undefined {
    const { deflater } = this.#protocol;
    if (this.#role === "client") return undefined;
    const { compression } = this.#host;
    if (deflater === undefined || message.data.length < compression.thresholdBytes) return message.frame;
    return deflater.isShareable ? message.compressedFrame(deflater.windowBits, compression) : undefined;
  }

  /**
   * Connections with the same variant take the same frames of any message, so they can share a joined buffer; `undefined`
   * for a connection that needs frames of its own.
   */
  get frameVariant(): number | undefined {
    const { deflater } = this.#protocol;
    if (this.#role === "client") return undefined;
    if (deflater === undefined) return 0;
    return deflater.isShareable ? deflater.windowBits : undefined;
  }

  /** Writes ready-made frames that may be shared with other connections. For topics. */
  writeShared(frames: Uint8Array): void {
    if (this.isOpen && this.#outgoing.admit(frames.length)) this.#outgoing.write(frames);
  }

  /** Writes a message in frames of its own, where {@link frameFor} has none. For topics. */
  writeOwn(data: string | Uint8Array): void {
    if (!this.isOpen || !this.#outgoing.admit(data.length)) return;
    const frame = this.#protocol.encodeMessage(data, this.#isCompressible(data));
    if (!("name" in frame)) this.#outgoing.write(frame);
  }

  /**
   * Begins a message that is sent in pieces, uncompressed. Other messages wait until it ends.
   * @throws FailureError `send-while-streaming` while another one is open, `send-after-close`.
   */
  stream(type: "text" | "binary"): MessageStream {
    if (!this.isOpen) {
      throw new FailureError(engineFailures.create("send-after-close", { state: this.state }));
    }
    if (this.#outgoing.isStreaming) throw new FailureError(engineFailures.create("send-while-streaming"));
    this.#flushTopics();
    this.#outgoing.beginStream();
    return new MessageStream({
      sendFragment: (payload, isFirst, isLast) => {
        const opcode = isFirst ? opcodes[type] : opcodes.continuation;
        const frame = this.#protocol.encodeFragment(opcode, payload, isLast);
        if ("name" in frame) return false;
        this.#outgoing.pushAhead(frame);
        if (isLast) this.#outgoing.endStream();
        return true;
      },
      abortStream: (isPartSent) => {
        if (isPartSent) {
          this.#outgoing.breakStream();
          this.fail(engineFailures.create("message-stream-aborted"));
        } else {
          this.#outgoing.endStream();
        }
      },
    });
  }

  /**
   * Sends a ping and resolves with the round-trip time in milliseconds. Rejects with a {@link FailureError} if the
   * connection ends first. Heartbeats need no help: see `pingIntervalMs`.
   */
  ping(): Promise<number> {
    return new Promise((resolve, reject) => {
      if (this.#sendPing({ resolve, reject })) return;
      reject(new FailureError(engineFailures.create("send-after-close", { state: this.state })));
    });
  }

  /**
   * Resolves once at most the low-water mark is buffered, or the connection is closed. Messages that wait for the end of a
   * streamed one do not count.
   */
  ready(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    return new Promise((resolve) => this.#outgoing.whenLow(resolve));
  }

  /**
   * Starts the closing handshake; what was sent before goes first. Does nothing if it has begun already. Messages that come
   * until the peer answers are still delivered, unless reading is paused: then they are dropped.
   * @throws FailureError `close-code-not-allowed` for a code other than 1000 and 3000–4999, unless `allowReserved`;
   * `close-reason-too-long` above 123 bytes of UTF-8.
   */
  close(code: number = closeCodes.normal, reason = "", options: { allowReserved?: boolean } = {}): void {
    const isAllowed = options.allowReserved
      ? judgeCloseCode(code) === undefined
      : isApplicationCloseCode(code);
    if (!isAllowed) throw new FailureError(engineFailures.create("close-code-not-allowed", { code }));
    const reasonBytes = Buffer.byteLength(reason);
    if (reasonBytes > maxCloseReasonBytes) {
      throw new FailureError(engineFailures.create("close-reason-too-long", { reasonBytes }));
    }
    if (!this.isOpen) return;
    this.#initiator = "local";
    this.#flushTopics();
    this.#protocol.close(code, reason);
    this.#writeOutput();
    this.#closingAt = this.#host.wheel.now();
    this.#scheduleEnd(this.#host.settings.closeTimeoutMs);
    this.#incoming.endPause();
  }

  /** Ends TCP at once, without a Close frame; the peer sees 1006. */
  terminate(): void {
    if (this.#isClosed) return;
    if (this.isOpen) this.#initiator = "local";
    // Nothing is handled or sent from here on, not even what this turn has received already.
    this.#protocol.receiveEnd("reset");
    this.#incoming.discard();
    this.#outgoing.end();
    this.#socket.destroy();
  }

  /** Fails the connection: Close frame with the failure's code, then the end of TCP. For layers above the engine. */
  fail(failure: Failure, cause?: unknown): void {
    if (this.#isClosed || this.#failure !== undefined) return;
    this.#failure = failure;
    if (this.isOpen) {
      this.#initiator = "local";
      this.#outgoing.takesAll = true;
      this.#flushTopics();
      // The last words would arrive too late behind all that a slow peer has not read.
      if (failure.name === "slow-consumer") this.#outgoing.dropWaiting();
      void this.#callHandler("failing", () => this.#host.handlers.failing?.(this, failure));
    }
    this.#protocol.fail(failure);
    this.#host.report(failure, this, cause);
    this.#finishFailing();
  }

  /** Stops reading: TCP's flow control then slows the peer down. */
  pause(): void {
    this.#incoming.pause();
  }

  resume(): void {
    this.#incoming.resume();
  }

  /** @internal A deadline of the wheel passed. */
  onDeadline(now: number): void {
    if (this.#isClosed) return;
    if (this.#protocol.state === "open") {
      this.#judgeClocks(now);
      return;
    }
    if (now < this.#endBy) {
      // A clock that ran while the connection was open came first.
      this.#host.wheel.schedule(this, this.#endBy - now);
      return;
    }
    if (this.#protocol.state === "closing-local" && this.#failure === undefined) {
      const waitedMs = Math.round(now - this.#closingAt);
      this.#failure = engineFailures.create("close-handshake-timeout", { waitedMs });
      this.#host.report(this.#failure, this);
    }
    this.#socket.destroy();
  }

  /** @internal */
  onBlocked(): void {
    this.#protocol.holdsPongs = true;
    this.#clocks.noteBlocked(this.#host.wheel.now());
    this.#host.wheel.hasten(this, this.#host.settings.writeTimeoutMs);
  }

  /** @internal */
  onOverLimit(): void {
    this.#clocks.noteOverLimit(this.#host.wheel.now());
    this.#host.wheel.hasten(this, this.#host.settings.slowConsumerGraceMs);
  }

  /** @internal */
  onTooSlow(bufferedBytes: number): void {
    const { maxBufferedBytes, slowConsumer } = this.#host.settings;
    this.fail(engineFailures.create("slow-consumer", { bufferedBytes, limitBytes: maxBufferedBytes }));
    if (slowConsumer === "terminate") this.terminate();
  }

  /** @internal */
  onDropped(messages: number): void {
    if (this.#droppedMessages === 0) this.#host.wheel.hasten(this, dropReportMs);
    this.#droppedMessages += messages;
  }

  /** @internal */
  onDrained(): void {
    void this.#callHandler("drain", () => this.#host.handlers.drain?.(this));
  }

  /** @internal */
  onReadingResumed(): void {
    this.#clocks.noteReadingResumed(this.#host.wheel.now());
  }

  /** @internal */
  receive(bytes: Uint8Array, length: number, isLent: boolean): void {
    // One reading for all that a chunk holds: the clock costs as much as a small message.
    const now = this.#host.wheel.now();
    this.#take(bytes, length, now);
    this.#incoming.pump(now);
    if (isLent) this.#incoming.keepUnread();
  }

  #take(bytes: Uint8Array, length: number, now: number): void {
    this.#clocks.noteReceived(now);
    this.#incoming.take(bytes, length, now);
  }

  /** @internal */
  onEventsBegin(): void {
    this.#outgoing.hold();
  }

  /** @internal */
  onEventsHandled(now: number): void {
    if (this.#clocks.noteMessageOpen(this.#protocol.isMessageOpen, now)) {
      this.#host.wheel.hasten(this, this.#host.settings.fragmentTimeoutMs);
    }
    this.#writeOutput();
    this.#outgoing.flush();
  }

  /** @internal */
  onEvent(event: ProtocolEvent, now: number): void {
    const { handlers } = this.#host;
    switch (event.type) {
      case "message":
        this.#clocks.noteMessage(now);
        this.#deliver(event.data);
        return;
      case "ping": {
        const flood = this.#clocks.takePing(now);
        if (flood) {
          this.fail(flood);
          return;
        }
        // Now, and not with the answers of the whole chunk: it goes before what later frames of it are answered with.
        this.#writeOutput();
        void this.#callHandler("ping", () => handlers.ping?.(this, event.payload));
        return;
      }
      case "pong": {
        const warning = this.#roundTrips?.take(event.payload, performance.now());
        if (warning) this.#warn(warning);
        void this.#callHandler("pong", () => handlers.pong?.(this, event.payload));
        return;
      }
      case "warning":
        this.#warn(event.failure);
        return;
      case "close":
        if (this.#initiator !== "local") this.#initiator = "remote";
        this.#finishClosing();
        return;
      case "failed":
        this.#failure ??= event.failure;
        this.#initiator = "local";
        this.#host.report(event.failure, this);
        this.#finishFailing();
        return;
    }
  }

  /** As `#callHandler`, without a closure for every message. */
  #deliver(data: string | Uint8Array): void {
    try {
      const result = this.#host.handlers.message?.(this, data);
      if (result instanceof Promise) result.catch((error) => this.#failHandler("message", error));
    } catch (error) {
      this.#failHandler("message", error);
    }
  }

  #warn(failure: Failure): void {
    this.#host.report(failure, this);
    void this.#callHandler("warning", () => this.#host.handlers.warning?.(this, failure));
  }

  /** Runs a handler. A promise comes back as one that never rejects. */
  #callHandler(handler: string, call: () => void | Promise<void>): Promise<void> | undefined {
    try {
      const result = call();
      return result instanceof Promise
        ? result.catch((error) => this.#failHandler(handler, error))
        : undefined;
    } catch (error) {
      this.#failHandler(handler, error);
      return undefined;
    }
  }

  #failHandler(handler: string, cause: unknown): void {
    const failure = engineFailures.create("message-unhandled-exception", { handler });
    if (this.isOpen && this.#failure === undefined) this.fail(failure, cause);
    else this.#host.report(failure, this, cause);
  }

  #sendPing(waiter: Parameters<RoundTrips["begin"]>[1] = {}): boolean {
    if (!this.isOpen) return false;
    this.#roundTrips ??= new RoundTrips();
    const frame = this.#protocol.encodePing(this.#roundTrips.begin(performance.now(), waiter));
    if ("name" in frame) return false;
    this.#outgoing.pushAhead(frame);
    return true;
  }

  /** The application has not read for a ping interval, so the peer's pings go unanswered. */
  #sendPong(): void {
    const frame = this.#protocol.encodePong(new Uint8Array(0));
    if (!("name" in frame)) this.#outgoing.pushAhead(frame);
    this.#host.report(engineFailures.create("receive-queue-paused", { pausedMs: this.silentMs }), this);
  }

  /** Both Close frames have passed. The server ends TCP first (RFC 6455 §7.1.1); the client waits for it. */
  #finishClosing(): void {
    this.#writeOutput();
    if (this.#role === "server") this.#endSocket();
    else this.#incoming.discard();
    this.#scheduleEnd(this.#role === "server" ? lingerMs : this.#host.settings.closeTimeoutMs);
  }

  #finishFailing(): void {
    // Whatever was queued goes first: it was sent before the failure, and the application may just have said why.
    this.#writeOutput();
    this.#endSocket();
    this.#scheduleEnd(lingerMs);
  }

  #endSocket(): void {
    this.#outgoing.flushAll();
    this.#socket.end();
    this.#incoming.discard();
  }

  /** Whatever the peer does, the socket is gone after this long. */
  #scheduleEnd(delayMs: number): void {
    this.#endBy = this.#host.wheel.now() + delayMs;
    this.#host.wheel.schedule(this, delayMs);
  }

  #writeOutput(): void {
    for (const frame of this.#protocol.takeOutput()) this.#outgoing.pushAhead(frame);
  }

  /** Takes what topics hold for this connection, so that a direct message does not overtake it. */
  #flushTopics(): void {
    if (this.#topics) for (const topic of this.#topics) topic.settle(this);
  }

  /** @internal */
  drain(): void {
    if (this.#isClosed) return;
    this.#clocks.noteDrained();
    this.#protocol.holdsPongs = false;
    this.#writeOutput();
    this.#outgoing.noteDrained();
    if (this.bufferedBytes <= this.#host.settings.maxBufferedBytes) this.#clocks.noteUnderLimit();
  }

  #judgeClocks(now: number): void {
    if (this.#host.wheel.suspendedMs > 0) this.#clocks.forgive(now);
    if (this.#droppedMessages > 0) {
      this.#warn(engineFailures.create("message-dropped-by-policy", { messages: this.#droppedMessages }));
      this.#droppedMessages = 0;
    }
    const { failure, sendPing, sendPong, nextMs } = this.#clocks.judge(
      now,
      this.bufferedBytes,
      !this.#incoming.isHeldBack,
    );
    if (failure) {
      this.fail(failure);
      // The path is dead: a client that waited for the closing handshake would only reconnect later.
      if (this.#role === "client" && failure.name === "heartbeat-timeout") this.#socket.destroy();
      return;
    }
    if (sendPing) this.#sendPing();
    if (sendPong) this.#sendPong();
    if (Number.isFinite(nextMs)) this.#host.wheel.schedule(this, nextMs);
  }

  /** @internal */
  receiveFin(): void {
    this.#incoming.end();
  }

  /** @internal */
  onInputEnd(): void {
    if (this.#tcpEnd === "destroyed") this.#tcpEnd = "fin";
    this.#noteTransportEnd("fin");
    this.#endSocket();
    if (this.#endBy === 0) this.#scheduleEnd(lingerMs);
  }

  /** @internal */
  receiveError(error: NodeJS.ErrnoException): void {
    if (error.code === "ECONNRESET" || error.code === "EPIPE") this.#tcpEnd = "reset";
    this.#noteTransportEnd("reset");
  }

  #noteTransportEnd(end: "fin" | "reset"): void {
    if (this.#protocol.state === "closed") return;
    const failure = this.#protocol.receiveEnd(end);
    if (this.#failure === undefined) {
      this.#failure = failure;
      if (failure) this.#host.report(failure, this);
    } else if (end === "reset") {
      // Not a cause of its own: the connection had failed before.
      (this.#consequences ??= []).push(engineFailures.create("tcp-reset"));
    }
  }

  /** @internal */
  finish(): void {
    if (this.#isClosed) return;
    // Without an end before it, the socket was destroyed from this side.
    if (this.#initiator === "network") this.#noteTransportEnd("reset");
    this.#isClosed = true;
    this.#incoming.stop();
    this.#outgoing.end();
    this.#host.wheel.cancel(this);
    if (this.#topics) for (const topic of this.#topics) topic.delete(this);
    this.#roundTrips?.end(this.#failure ?? engineFailures.create("send-after-close", { state: "closed" }));
    const report = this.#makeReport();
    this.#host.onClosed(this);
    void this.#callHandler("close", () => this.#host.handlers.close?.(this, report));
  }

  #makeReport(): CloseReport {
    const { sentClose, receivedClose } = this.#protocol;
    return {
      code: receivedClose ? (receivedClose.code ?? closeCodes.noStatus) : closeCodes.abnormal,
      reason: receivedClose?.reason ?? "",
      wasClean: sentClose !== undefined && receivedClose !== undefined && this.#tcpEnd !== "reset",
      ...(sentClose && { sent: sentClose }),
      ...(receivedClose && { received: receivedClose }),
      initiator: this.#initiator,
      tcp: this.#tcpEnd,
      durationMs: this.ageMs,
      lastReceivedAgoMs: this.silentMs,
      bytesReceived: this.#incoming.bytes,
      bytesSent: this.bytesSent,
      ...(this.#failure && { failure: this.#failure }),
      consequences: this.#consequences ?? [],
    };
  }
}

function bytesWrittenTo(socket: Duplex): number {
  // Every socket counts; a stream that stands in for one in a test may not.
  return (socket as { bytesWritten?: number }).bytesWritten ?? 0;
}
