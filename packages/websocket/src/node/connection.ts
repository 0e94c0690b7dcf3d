/**
 * An open WebSocket on a socket: pumps bytes between the socket and the protocol core, keeps the clocks, and tells the
 * application. Made by the server after its 101 and by the client after it has verified one.
 */
import type { Duplex } from "node:stream";
import { engineFailures } from "../failures/engine-failures.ts";
import { type Failure, FailureError } from "../failures/failure.ts";
import { closeCodes, isApplicationCloseCode, judgeCloseCode } from "../protocol/close-codes.ts";
import type { Role } from "../protocol/opcodes.ts";
import type { CompressionSettings, NegotiatedDeflate } from "../protocol/permessage-deflate.ts";
import {
  maxCloseReasonBytes,
  type ProtocolEvent,
  WebSocketProtocol,
} from "../protocol/websocket-protocol.ts";
import type { CloseReport } from "./close-report.ts";
import { ConnectionClocks } from "./connection-clocks.ts";
import type { ConnectionSettings } from "./connection-settings.ts";
import { Outbox } from "./outbox.ts";
import type { PreparedMessage } from "./prepared-message.ts";
import { nodePrimitives } from "./primitives.ts";
import type { TimedItem, TimerWheel } from "./timer-wheel.ts";
import type { Topic } from "./topic.ts";

/** How hard and from which size on outgoing messages are compressed, where that was negotiated. */
export interface OutgoingCompression extends CompressionSettings {
  /** Smaller messages are sent as they are. */
  readonly thresholdBytes: number;
}

/**
 * What the application does with its connections. One object serves all connections of a route. An error that a handler
 * throws, or rejects with, closes its connection with 1011, is reported, and harms nobody else.
 */
export interface ConnectionHandlers<Data = unknown> {
  /** After the 101 is on its way. Messages wait until a returned promise has settled. */
  open?(connection: WebSocketConnection<Data>): void | Promise<void>;
  /** A whole message: `string` for text, bytes for binary. The bytes are the handler's to keep. */
  message?(connection: WebSocketConnection<Data>, data: string | Uint8Array): void | Promise<void>;
  /** A ping came; the pong is already on its way. */
  ping?(connection: WebSocketConnection<Data>, payload: Uint8Array): void;
  pong?(connection: WebSocketConnection<Data>, payload: Uint8Array): void;
  /** `send` answered `queued` before, and the buffer is below the low-water mark again. */
  drain?(connection: WebSocketConnection<Data>): void;
  /** Something is wrong that ends nothing. */
  warning?(connection: WebSocketConnection<Data>, failure: Failure): void;
  /**
   * The connection failed and its Close frame has not been sent yet: the last chance to say something. A message that is
   * sent here goes before the Close frame.
   */
  failing?(connection: WebSocketConnection<Data>, failure: Failure): void;
  /** Once for each connection that was opened; nothing follows. */
  close?(connection: WebSocketConnection<Data>, report: CloseReport): void;
}

/** What the connections of one route, or one client, share. */
export interface ConnectionHost<Data> {
  readonly handlers: ConnectionHandlers<Data>;
  readonly settings: ConnectionSettings;
  readonly compression: OutgoingCompression;
  readonly wheel: TimerWheel;
  /** The connection is gone. Called before the application's `close`. */
  onClosed(connection: WebSocketConnection<Data>): void;
  /** A failure to log and count; `cause` is what a handler threw. */
  report(failure: Failure, connection: WebSocketConnection<Data>, cause?: unknown): void;
}

/**
 * `sent`: on its way. `queued`: accepted, but the peer reads too slowly; wait for `drain`. `dropped`: refused by the
 * slow-consumer policy. `closed`: the connection sends no more.
 */
export type SendResult = "sent" | "queued" | "dropped" | "closed";

export interface SendOptions {
  /** `false` never compresses: for secrets beside text that an attacker chooses. Default: by size. */
  readonly compress?: boolean;
}

export interface ConnectionOpening<Data> {
  readonly id: string;
  readonly role: Role;
  readonly socket: Duplex;
  readonly host: ConnectionHost<Data>;
  readonly data: Data;
  readonly subprotocol: string;
  readonly deflate: NegotiatedDeflate | undefined;
}

/** One connection must not hold the event loop: it yields after so many messages or milliseconds. */
const maxEventsPerTurn = 256;
const maxPumpMs = 4;
/** After our last byte the socket is read and discarded this long, so that unread input does not turn FIN into RST. */
const lingerMs = 2000;

const connectionOf: unique symbol = Symbol("connection");

type OwnedSocket = Duplex & { [connectionOf]?: WebSocketConnection };

export class WebSocketConnection<Data = unknown> implements TimedItem {
  /** Unique for ever; never reused like a descriptor. */
  readonly id: string;
  /** The application's own. */
  data: Data;
  /** The agreed subprotocol, or an empty string. */
  readonly subprotocol: string;
  /** Topics that this connection subscribes to; maintained by {@link Topic}. */
  readonly topics = new Set<Topic>();

  readonly #role: Role;
  readonly #socket: Duplex;
  readonly #host: ConnectionHost<Data>;
  readonly #protocol: WebSocketProtocol;
  readonly #outbox: Outbox;
  readonly #clocks: ConnectionClocks;
  #isOpening = true;
  #isPausedByUser = false;
  #isYielding = false;
  #isPumping = false;
  #owesDrain = false;
  #isClosed = false;
  #initiator: CloseReport["initiator"] = "network";
  #tcpEnd: CloseReport["tcp"] = "destroyed";
  #endedAt = 0;
  #failure: Failure | undefined;
  #consequences: Failure[] | undefined;
  #bytesReceived = 0;
  #bytesBefore = 0;

  constructor(opening: ConnectionOpening<Data>) {
    const { id, role, socket, host, data, subprotocol, deflate } = opening;
    this.id = id;
    this.data = data;
    this.subprotocol = subprotocol;
    this.#role = role;
    this.#socket = socket;
    this.#host = host;
    const { settings } = host;
    this.#protocol = new WebSocketProtocol({
      role,
      strictness: settings.strictness,
      limits: settings,
      primitives: nodePrimitives,
      compression: host.compression,
      exposeFailureReason: settings.exposeFailureReason,
      ...(deflate && { deflate }),
    });
    this.#outbox = new Outbox(socket);
    this.#clocks = new ConnectionClocks(settings, host.wheel.now());
    this.#bytesBefore = (socket as { bytesWritten?: number }).bytesWritten ?? 0;
    this.#adoptSocket();
  }

  /** Open in both directions: no Close frame has been sent or received. */
  get isOpen(): boolean {
    return this.#protocol.state === "open" && !this.#isClosed;
  }

  /** Bytes sent but not yet taken by the kernel. */
  get bufferedBytes(): number {
    return this.#outbox.bufferedBytes;
  }

  /** Whether messages are compressed when they are large enough. */
  get isCompressed(): boolean {
    return this.#protocol.deflater !== undefined;
  }

  /**
   * Begins reading and calls the open handler. `head` is what came behind the handshake. The owner calls this once, after
   * the 101 is written and the connection is registered.
   */
  start(head: Uint8Array): void {
    this.#schedule();
    if (head.length > 0) this.#take(head);
    const opened = this.#callHandler("open", () => this.#host.handlers.open?.(this));
    if (opened === undefined) this.#finishOpening();
    else void opened.then(() => this.#finishOpening());
  }

  /** Sends one message: text for a string, binary for bytes. Never throws for the state or the speed of the peer. */
  send(data: string | Uint8Array, options: SendOptions = {}): SendResult {
    if (!this.isOpen) return "closed";
    const refusal = this.#admitBytes(data.length);
    if (refusal) return refusal;
    const { thresholdBytes } = this.#host.compression;
    const frame = this.#protocol.encodeMessage(data, options.compress ?? data.length >= thresholdBytes);
    if ("name" in frame) return "closed";
    this.#flushTopics();
    this.#outbox.push(frame);
    return this.#measure();
  }

  /** Sends a message that was prepared once for many connections. Only for the server side. */
  sendPrepared(message: PreparedMessage): SendResult {
    if (!this.isOpen) return "closed";
    const refusal = this.#admitBytes(message.frame.length);
    if (refusal) return refusal;
    this.#flushTopics();
    const shared = this.frameFor(message);
    if (shared === undefined) return this.send(message.data);
    this.#outbox.push(shared);
    return this.#measure();
  }

  /**
   * The shared frame of a prepared message as this connection takes it, or `undefined` if it needs one of its own, since
   * its compressor remembers earlier messages.
   */
  frameFor(message: PreparedMessage): Uint8Array | undefined {
    const { deflater } = this.#protocol;
    const { compression } = this.#host;
    if (deflater === undefined || message.data.length < compression.thresholdBytes) return message.frame;
    return deflater.isShareable ? message.compressedFrame(deflater.windowBits, compression) : undefined;
  }

  /** What tells which connections can share a joined buffer: all with the same value take the same frames. */
  get frameVariant(): number | undefined {
    const { deflater } = this.#protocol;
    if (deflater === undefined) return 0;
    return deflater.isShareable ? deflater.windowBits : undefined;
  }

  /** Writes ready-made frames that may be shared with other connections. For topics. */
  writeShared(frames: Uint8Array): void {
    if (!this.isOpen || this.#admitBytes(frames.length)) return;
    this.#outbox.write(frames);
    this.#measure();
  }

  /** Sends a ping with at most 125 bytes. Heartbeats need no help: see `pingIntervalMs`. */
  ping(payload: Uint8Array = new Uint8Array(0)): SendResult {
    if (payload.length > 125) throw new RangeError("a ping payload has at most 125 bytes (RFC 6455 §5.5)");
    const frame = this.#protocol.encodePing(payload);
    if ("name" in frame) return "closed";
    this.#outbox.push(frame);
    return this.#measure();
  }

  /**
   * Starts the closing handshake; what was sent before goes first. Does nothing if it has begun already.
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
    this.#endedAt = this.#host.wheel.now();
    this.#host.wheel.schedule(this, this.#host.settings.closeTimeoutMs);
  }

  /** Ends TCP at once, without a Close frame; the peer sees 1006. */
  terminate(): void {
    if (this.#isClosed) return;
    if (this.isOpen) this.#initiator = "local";
    this.#outbox.clear();
    this.#socket.destroy();
  }

  /** Fails the connection: Close frame with the failure's code, then the end of TCP. For layers above the engine. */
  fail(failure: Failure, cause?: unknown): void {
    if (this.#isClosed || this.#failure !== undefined) return;
    this.#failure = failure;
    if (this.isOpen) {
      this.#initiator = "local";
      this.#flushTopics();
      this.#callHandler("failing", () => this.#host.handlers.failing?.(this, failure));
    }
    this.#protocol.fail(failure);
    this.#host.report(failure, this, cause);
    this.#finishFailing();
  }

  /** Stops reading: TCP's flow control then slows the peer down. */
  pause(): void {
    this.#isPausedByUser = true;
    this.#adjustReading();
  }

  resume(): void {
    this.#isPausedByUser = false;
    this.#pump();
  }

  /** A deadline of the wheel passed. */
  onDeadline(now: number): void {
    if (this.#isClosed) return;
    if (this.#protocol.state === "open") {
      this.#judgeClocks(now);
      return;
    }
    if (this.#protocol.state === "closing-local") {
      const waitedMs = Math.round(now - this.#endedAt);
      this.#failure ??= engineFailures.create("close-handshake-timeout", { waitedMs });
      this.#host.report(this.#failure, this);
    }
    this.#socket.destroy();
  }

  #adoptSocket(): void {
    const socket = this.#socket as OwnedSocket;
    socket[connectionOf] = this;
    socket.on("data", onData);
    socket.on("end", onEnd);
    socket.on("error", onError);
    socket.on("close", onClose);
    socket.on("drain", onDrain);
    // The open handler comes before the first message.
    socket.pause();
  }

  #finishOpening(): void {
    this.#isOpening = false;
    this.#pump();
  }

  #schedule(): void {
    const { nextMs } = this.#clocks.judge(this.#host.wheel.now(), 0, true);
    if (Number.isFinite(nextMs)) this.#host.wheel.schedule(this, nextMs);
  }

  /** @internal Bytes arrived. */
  receive(chunk: Uint8Array): void {
    this.#take(chunk);
    this.#pump();
  }

  #take(chunk: Uint8Array): void {
    this.#bytesReceived += chunk.length;
    this.#clocks.noteReceived(this.#host.wheel.now());
    this.#protocol.receive(chunk);
  }

  get #isHeld(): boolean {
    return this.#isOpening || this.#isPausedByUser || this.#isYielding;
  }

  #adjustReading(): void {
    if (this.#isHeld) this.#socket.pause();
    else this.#socket.resume();
  }

  /** Handles the events that the received bytes hold, then writes the answers as one. */
  #pump(): void {
    if (this.#isPumping || this.#isClosed) return;
    this.#isPumping = true;
    const startedAt = performance.now();
    let events = 0;
    while (!this.#isHeld) {
      const event = this.#protocol.nextEvent();
      if (event === undefined) break;
      this.#handle(event);
      events += 1;
      if (events % 16 === 0 && (events >= maxEventsPerTurn || performance.now() - startedAt > maxPumpMs)) {
        this.#yield();
      }
    }
    this.#isPumping = false;
    if (this.#isClosed) return;
    const now = this.#host.wheel.now();
    if (this.#clocks.noteMessageOpen(this.#protocol.isMessageOpen, now)) {
      this.#host.wheel.hasten(this, this.#host.settings.fragmentTimeoutMs);
    }
    this.#writeOutput();
    this.#outbox.flush();
    this.#adjustReading();
  }

  #yield(): void {
    this.#isYielding = true;
    setImmediate(() => {
      this.#isYielding = false;
      this.#pump();
    });
  }

  #handle(event: ProtocolEvent): void {
    const { handlers } = this.#host;
    switch (event.type) {
      case "message":
        this.#clocks.noteMessage(this.#host.wheel.now());
        this.#callHandler("message", () => handlers.message?.(this, event.data));
        return;
      case "ping": {
        const flood = this.#clocks.takePing(this.#host.wheel.now());
        if (flood) this.fail(flood);
        else this.#callHandler("ping", () => handlers.ping?.(this, event.payload));
        return;
      }
      case "pong":
        this.#callHandler("pong", () => handlers.pong?.(this, event.payload));
        return;
      case "warning":
        this.#host.report(event.failure, this);
        this.#callHandler("warning", () => handlers.warning?.(this, event.failure));
        return;
      case "close":
        if (this.#protocol.failure === undefined && this.#initiator !== "local") this.#initiator = "remote";
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

  /** Both Close frames have passed. The server ends TCP first (RFC 6455 §7.1.1); the client waits for it. */
  #finishClosing(): void {
    this.#writeOutput();
    this.#endedAt = this.#host.wheel.now();
    if (this.#role === "server") this.#endSocket();
    this.#host.wheel.schedule(this, this.#role === "server" ? lingerMs : this.#host.settings.closeTimeoutMs);
  }

  #finishFailing(): void {
    // Whatever was queued goes first: it was sent before the failure, and the application may just have said why.
    this.#writeOutput();
    this.#endSocket();
    this.#host.wheel.schedule(this, lingerMs);
  }

  #endSocket(): void {
    this.#outbox.flushAll();
    this.#socket.end();
    this.#socket.resume();
  }

  #writeOutput(): void {
    for (const frame of this.#protocol.takeOutput()) this.#outbox.push(frame);
  }

  /** Flushes what topics hold for this turn, so that a direct message does not overtake them. */
  #flushTopics(): void {
    for (const topic of this.topics) topic.flush();
  }

  /** Applies the slow-consumer policy to bytes that are about to be queued. */
  #admitBytes(bytes: number): "dropped" | undefined {
    const { maxBufferedBytes, slowConsumer } = this.#host.settings;
    const bufferedBytes = this.#outbox.bufferedBytes;
    // The last words of a failing connection are taken, and so is any one message by an empty buffer.
    if (this.#failure !== undefined || bufferedBytes === 0 || bufferedBytes + bytes <= maxBufferedBytes)
      return undefined;
    if (slowConsumer === "drop-oldest") {
      this.#outbox.dropOldest(Math.max(maxBufferedBytes - bytes, 0));
      return undefined;
    }
    if (slowConsumer === "close") {
      if (bufferedBytes + bytes <= 2 * maxBufferedBytes) {
        this.#clocks.noteOverLimit(this.#host.wheel.now());
        this.#host.wheel.hasten(this, this.#host.settings.slowConsumerGraceMs);
        return undefined;
      }
      this.#failSlowConsumer(bufferedBytes + bytes);
    } else if (slowConsumer === "terminate") {
      this.#failSlowConsumer(bufferedBytes + bytes);
      this.terminate();
    }
    return "dropped";
  }

  #failSlowConsumer(bufferedBytes: number): void {
    const limitBytes = this.#host.settings.maxBufferedBytes;
    this.fail(engineFailures.create("slow-consumer", { bufferedBytes, limitBytes }));
  }

  #measure(): SendResult {
    const { highWaterBytes } = this.#host.settings;
    if (this.#socket.writableNeedDrain && !this.#protocol.holdsPongs) {
      this.#protocol.holdsPongs = true;
      this.#clocks.noteBlocked(this.#host.wheel.now());
      this.#host.wheel.hasten(this, this.#host.settings.writeTimeoutMs);
    }
    if (this.#outbox.bufferedBytes <= highWaterBytes) return "sent";
    this.#owesDrain = true;
    return "queued";
  }

  /** @internal The socket takes bytes again. */
  drain(): void {
    if (this.#isClosed) return;
    this.#clocks.noteDrained();
    this.#protocol.holdsPongs = false;
    this.#writeOutput();
    this.#outbox.flush();
    this.#measure();
    if (!this.#owesDrain || this.#outbox.bufferedBytes > this.#host.settings.lowWaterBytes) return;
    this.#owesDrain = false;
    this.#callHandler("drain", () => this.#host.handlers.drain?.(this));
  }

  #judgeClocks(now: number): void {
    if (this.#host.wheel.suspendedMs > 0) this.#clocks.forgive(now);
    const { failure, sendPing, nextMs } = this.#clocks.judge(now, this.bufferedBytes, !this.#isHeld);
    if (failure) {
      this.fail(failure);
      return;
    }
    if (sendPing) this.ping();
    if (Number.isFinite(nextMs)) this.#host.wheel.schedule(this, nextMs);
  }

  /** @internal The peer ended its half of TCP. */
  receiveFin(): void {
    if (this.#tcpEnd === "destroyed") this.#tcpEnd = "fin";
    this.#noteTransportEnd("fin");
    this.#endSocket();
  }

  /** @internal The socket failed; `close` follows. */
  receiveError(error: NodeJS.ErrnoException): void {
    if (error.code === "ECONNRESET" || error.code === "EPIPE") this.#tcpEnd = "reset";
    this.#noteTransportEnd("reset");
  }

  #noteTransportEnd(end: "fin" | "reset"): void {
    if (this.#protocol.state === "closed") return;
    const before = this.#protocol.failure;
    const failure = this.#protocol.receiveEnd(end);
    if (failure === undefined || failure === before) return;
    if (this.#failure === undefined) {
      this.#failure = failure;
      this.#host.report(failure, this);
    } else if (this.#failure !== failure) {
      (this.#consequences ??= []).push(failure);
    }
  }

  /** @internal The socket is closed for good. */
  finish(): void {
    if (this.#isClosed) return;
    // Without an end before it, the socket was destroyed from this side.
    if (this.#protocol.state !== "closed" && this.#initiator === "network") this.#noteTransportEnd("reset");
    this.#isClosed = true;
    this.#host.wheel.cancel(this);
    for (const topic of this.topics) topic.delete(this);
    const report = this.#makeReport();
    this.#host.onClosed(this);
    this.#callHandler("close", () => this.#host.handlers.close?.(this, report));
  }

  #makeReport(): CloseReport {
    const now = this.#host.wheel.now();
    const { sentClose, receivedClose } = this.#protocol;
    const bytesWritten = (this.#socket as { bytesWritten?: number }).bytesWritten ?? 0;
    return {
      code: receivedClose ? (receivedClose.code ?? closeCodes.noStatus) : closeCodes.abnormal,
      reason: receivedClose?.reason ?? "",
      wasClean: sentClose !== undefined && receivedClose !== undefined && this.#tcpEnd !== "reset",
      ...(sentClose && { sent: sentClose }),
      ...(receivedClose && { received: receivedClose }),
      initiator: this.#initiator,
      tcp: this.#tcpEnd,
      durationMs: Math.round(now - this.#clocks.openedAt),
      lastReceivedAgoMs: Math.round(now - this.#clocks.lastReceivedAt),
      bytesReceived: this.#bytesReceived,
      bytesSent: bytesWritten - this.#bytesBefore,
      ...(this.#failure && { failure: this.#failure }),
      consequences: this.#consequences ?? [],
    };
  }
}

// One set of listeners for all sockets, instead of closures per connection.

function onData(this: Duplex, chunk: Uint8Array): void {
  (this as OwnedSocket)[connectionOf]?.receive(chunk);
}

function onEnd(this: Duplex): void {
  (this as OwnedSocket)[connectionOf]?.receiveFin();
}

function onError(this: Duplex, error: Error): void {
  (this as OwnedSocket)[connectionOf]?.receiveError(error);
}

function onClose(this: Duplex): void {
  (this as OwnedSocket)[connectionOf]?.finish();
}

function onDrain(this: Duplex): void {
  (this as OwnedSocket)[connectionOf]?.drain();
}
