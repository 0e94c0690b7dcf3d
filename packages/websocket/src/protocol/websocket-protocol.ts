/**
 * One WebSocket connection after the handshake, without I/O (RFC 6455 §5–§7): bytes in, events and bytes out. The shell
 * feeds what the socket received, pulls events until there are none, and writes what {@link WebSocketProtocol.takeOutput}
 * gives. Bad bytes are never exceptions: they become a `failed` event, and the Close frame to send is in the output.
 */
import { engineFailures } from "../failures/engine-failures.ts";
import type { Failure } from "../failures/failure.ts";
import { closeCodes, judgeCloseCode } from "./close-codes.ts";
import { type ConnectionState, type StateTrigger, stateRights, transitions } from "./connection-states.ts";
import { encodeFrame, encodeTextFrame, wholeCompressedMessage } from "./frame-writer.ts";
import { type MessageEvent, MessageReader, type ReceiveRules } from "./message-reader.ts";
import { type Opcode, opcodes } from "./opcodes.ts";
import {
  type CompressionSettings,
  MessageDeflater,
  type NegotiatedDeflate,
  outgoingDirection,
} from "./permessage-deflate.ts";
import type { Primitives } from "./primitives.ts";
import { findInvalidUtf8 } from "./utf8.ts";

const nothing: readonly Uint8Array[] = [];

/** Longest reason of a Close frame in UTF-8 bytes: 125 less the code (RFC 6455 §5.5). */
export const maxCloseReasonBytes = 123;

/** What all connections of a kind have in common; none keeps a copy. */
export interface ProtocolOptions extends ReceiveRules {
  readonly compression: CompressionSettings;
  /** Name the failure in the reason of our Close frame. */
  readonly exposeFailureReason: boolean;
}

export interface CloseFrame {
  /** `undefined` for an empty Close frame. */
  readonly code?: number;
  readonly reason: string;
}

export type ProtocolEvent =
  | MessageEvent
  | { readonly type: "ping"; readonly payload: Uint8Array }
  | { readonly type: "pong"; readonly payload: Uint8Array }
  /** The peer's Close frame; our answer, if one was due, is in the output. Nothing is read after it. */
  | { readonly type: "close"; readonly close: CloseFrame }
  | { readonly type: "warning"; readonly failure: Failure }
  /** The connection failed (RFC 6455 §7.1.7); the Close frame is in the output. Nothing is read after it. */
  | { readonly type: "failed"; readonly failure: Failure };

export class WebSocketProtocol {
  readonly #options: ProtocolOptions;
  readonly #reader: MessageReader;
  readonly #deflater: MessageDeflater | undefined;
  #state: ConnectionState = "open";
  /** `undefined` while there is nothing to say: most connections never say anything of their own. */
  #output: Uint8Array[] | undefined;
  /** The latest ping that waits for {@link WebSocketProtocol.holdsPongs} to end. */
  #heldPing: Uint8Array | undefined;
  #sentClose: CloseFrame | undefined;
  #receivedClose: CloseFrame | undefined;
  #failure: Failure | undefined;

  /**
   * Set while the socket is backed up: then only the latest ping is answered, once the socket has drained
   * (RFC 6455 §5.5.3), so a peer cannot make us queue pongs without bound.
   */
  holdsPongs = false;

  /** @param deflate what the handshake agreed on; `undefined` without compression. */
  constructor(options: ProtocolOptions, deflate?: NegotiatedDeflate) {
    this.#options = options;
    const { role, primitives, compression } = options;
    this.#reader = new MessageReader(options, deflate);
    if (deflate) {
      this.#deflater = new MessageDeflater(primitives.deflate, outgoingDirection(deflate, role), compression);
    }
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** The Close frame we sent, if any. */
  get sentClose(): CloseFrame | undefined {
    return this.#sentClose;
  }

  /** The Close frame that the peer sent, if any. */
  get receivedClose(): CloseFrame | undefined {
    return this.#receivedClose;
  }

  /** Why the connection failed, if it did. */
  get failure(): Failure | undefined {
    return this.#failure;
  }

  /** Whether the peer began a message and has not finished it. */
  get isMessageOpen(): boolean {
    return this.#reader.isMessageOpen;
  }

  /** How outgoing messages may be compressed; `undefined` if compression was not negotiated. */
  get deflater(): MessageDeflater | undefined {
    return this.#deflater;
  }

  /**
   * Takes received bytes, `bytes[0, length)`, and unmasks them in place. They must stay as they are until all events are
   * drawn, or until {@link WebSocketProtocol.keepUnread}. Dropped in states that read nothing.
   */
  receive(bytes: Uint8Array, length: number = bytes.length): void {
    if (stateRights[this.#state].readsFrames) this.#reader.push(bytes, length);
  }

  /** Copies what was received and not read yet: the caller may use its memory again. */
  keepUnread(): void {
    this.#reader.keepUnread();
  }

  /** The next event, or `undefined` when more bytes are needed. */
  nextEvent(): ProtocolEvent | undefined {
    if (!stateRights[this.#state].readsFrames) return undefined;
    const event = this.#reader.next();
    if (event === undefined) return undefined;
    if (event.type === "control") return this.#takeControl(event.opcode, event.payload);
    if (event.type === "failed") this.fail(event.failure);
    return event;
  }

  /**
   * The transport ended. Returns why, if that is a failure of its own: no Close frame was received, and none of ours had
   * ended the connection before.
   */
  receiveEnd(end: "fin" | "reset"): Failure | undefined {
    const { isInsideFrame } = this.#reader;
    const wasReading = stateRights[this.#state].readsFrames;
    this.#advance("transport-ended");
    if (!wasReading) return this.#failure;
    if (end === "reset") this.#failure = engineFailures.create("tcp-reset", {});
    else if (isInsideFrame) this.#failure = engineFailures.create("stream-truncated-frame", {});
    else this.#failure = engineFailures.create("close-without-frame", {});
    return this.#failure;
  }

  /** Bytes to write now, in order; empty if there is nothing to say. */
  takeOutput(): readonly Uint8Array[] {
    if (this.#heldPing && !this.holdsPongs) {
      this.#pushPong(this.#heldPing);
      this.#heldPing = undefined;
    }
    const output = this.#output;
    if (output === undefined) return nothing;
    this.#output = undefined;
    return output;
  }

  /** The frame of one message, or the failure if this state sends none. `compress` only where it was negotiated. */
  encodeMessage(data: string | Uint8Array, compress: boolean): Uint8Array | Failure {
    if (!stateRights[this.#state].sendsMessages) {
      return engineFailures.create("send-after-close", { state: this.#state });
    }
    const { primitives, role } = this.#options;
    if (compress && this.#deflater) {
      const opcode = typeof data === "string" ? opcodes.text : opcodes.binary;
      const plain = typeof data === "string" ? encodeText(primitives, data) : data;
      const compressed = this.#deflater.deflate(plain);
      return encodeFrame(primitives, role, opcode, compressed, wholeCompressedMessage);
    }
    return typeof data === "string"
      ? encodeTextFrame(primitives, role, opcodes.text, data)
      : encodeFrame(primitives, role, opcodes.binary, data);
  }

  /** One frame of a message that is sent in several, uncompressed; or the failure if this state sends none. */
  encodeFragment(opcode: Opcode, payload: Uint8Array, fin: boolean): Uint8Array | Failure {
    if (!stateRights[this.#state].sendsMessages) {
      return engineFailures.create("send-after-close", { state: this.#state });
    }
    return encodeFrame(this.#options.primitives, this.#options.role, opcode, payload, { fin, rsv1: false });
  }

  /** The frame of a ping with at most 125 bytes, or the failure if this state sends none. */
  encodePing(payload: Uint8Array): Uint8Array | Failure {
    if (!stateRights[this.#state].sendsPings) {
      return engineFailures.create("send-after-close", { state: this.#state });
    }
    return this.#encodeControl(opcodes.ping, payload);
  }

  /** An unsolicited pong (RFC 6455 §5.5.3): tells the peer that we live while we do not read. */
  encodePong(payload: Uint8Array): Uint8Array | Failure {
    if (!stateRights[this.#state].sendsPongs) {
      return engineFailures.create("send-after-close", { state: this.#state });
    }
    return this.#encodeControl(opcodes.pong, payload);
  }

  /**
   * Starts the closing handshake (RFC 6455 §7.1.2): the Close frame is in the output. Without a code the frame is empty.
   * Does nothing if a Close frame was sent before. The caller has checked code and reason.
   */
  close(code?: number, reason = ""): void {
    if (this.#state !== "open") return;
    this.#pushClose(code === undefined ? { reason: "" } : { code, reason });
    this.#advance("close-sent");
  }

  /**
   * Fails the connection (RFC 6455 §7.1.7): drops pending pongs, and queues a Close frame if the failure has a code and
   * none was sent before. Does nothing once both Close frames have passed: the connection has ended well then.
   */
  fail(failure: Failure): void {
    if (transitions[this.#state].failure === undefined) return;
    this.#failure = failure;
    if (this.#sentClose === undefined) {
      this.#output = undefined;
      if (failure.closeCode !== undefined) {
        const reason = this.#options.exposeFailureReason ? failure.name : "";
        this.#pushClose({ code: failure.closeCode, reason });
      }
    }
    this.#advance("failure");
  }

  #advance(trigger: StateTrigger): void {
    this.#state = transitions[this.#state][trigger] ?? this.#state;
    const { sendsPongs, readsFrames } = stateRights[this.#state];
    // No frame may follow the last Close, not even the answer to a ping that waits for the socket to drain.
    if (!sendsPongs) this.#heldPing = undefined;
    if (!readsFrames) this.#reader.stop();
  }

  #takeControl(opcode: number, payload: Uint8Array): ProtocolEvent {
    if (opcode === opcodes.ping) {
      if (this.holdsPongs) this.#heldPing = payload;
      else this.#pushPong(payload);
      return { type: "ping", payload };
    }
    if (opcode === opcodes.pong) return { type: "pong", payload };
    const close = this.#readClose(payload);
    if ("name" in close) {
      this.fail(close);
      return { type: "failed", failure: close };
    }
    this.#receivedClose = close;
    // The answer echoes the code and not the reason; an empty Close is answered with an empty one.
    if (this.#sentClose === undefined) this.#pushClose({ ...close, reason: "" });
    this.#advance("close-received");
    return { type: "close", close };
  }

  #readClose(payload: Uint8Array): CloseFrame | Failure {
    if (payload.length === 0) return { reason: "" };
    const code = payload[0]! * 256 + payload[1]!;
    const fault = judgeCloseCode(code);
    if (fault === "close-code-reserved-on-wire") return engineFailures.create(fault, { code });
    if (fault !== undefined) return nameBadCloseCode(code, payload);
    const reason = payload.subarray(2);
    const { primitives } = this.#options;
    if (!primitives.isUtf8(reason)) {
      return engineFailures.create("close-reason-invalid-utf8", { offset: findInvalidUtf8(reason) });
    }
    return { code, reason: primitives.decodeUtf8(reason) };
  }

  #pushClose(close: CloseFrame): void {
    this.#sentClose = close;
    const { primitives } = this.#options;
    const reason = encodeText(primitives, close.reason);
    const payload = primitives.allocate(close.code === undefined ? 0 : 2 + reason.length);
    if (close.code !== undefined) {
      payload[0] = close.code >>> 8;
      payload[1] = close.code & 0xff;
      payload.set(reason, 2);
    }
    this.#say(opcodes.close, payload);
  }

  #pushPong(payload: Uint8Array): void {
    this.#say(opcodes.pong, payload);
  }

  #say(opcode: Opcode, payload: Uint8Array): void {
    (this.#output ??= []).push(this.#encodeControl(opcode, payload));
  }

  #encodeControl(opcode: Opcode, payload: Uint8Array): Uint8Array {
    return encodeFrame(this.#options.primitives, this.#options.role, opcode, payload);
  }
}

/** A code outside all ranges; the usual two mistakes get names of their own. */
function nameBadCloseCode(code: number, payload: Uint8Array): Failure {
  const swapped = payload[1]! * 256 + payload[0]!;
  if (payload.length >= 4 && payload.subarray(0, 4).every(isDigit)) {
    return engineFailures.create("close-code-as-text", { code });
  }
  if (judgeCloseCode(swapped) === undefined && swapped <= closeCodes.badGateway) {
    return engineFailures.create("close-code-byte-order", { code, swapped });
  }
  return engineFailures.create("close-code-out-of-range", { code });
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function encodeText(primitives: Primitives, text: string): Uint8Array {
  const bytes = primitives.allocate(primitives.utf8Length(text));
  primitives.writeUtf8(text, bytes, 0);
  return bytes;
}
