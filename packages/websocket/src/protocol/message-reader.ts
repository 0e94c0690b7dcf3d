/**
 * Bytes in, whole messages and control frames out (RFC 6455 §5.4–5.6, §8.1): assembles fragments, unmasks, inflates,
 * checks UTF-8 as it arrives. The connection pulls events one at a time, so it can stop between any two.
 */
import { engineFailures } from "../failures/engine-failures.ts";
import type { Failure } from "../failures/failure.ts";
import { endsWithFlushTail, explainInflate } from "./deflate-diagnosis.ts";
import { FrameHeader, type HeaderContext, maxHeaderLength, type StreamPlace } from "./frame-header.ts";
import { findHeaderContext } from "./header-context.ts";
import { applyMask } from "./mask.ts";
import { MaskingKeyWatch, predictableKeyRun } from "./masking-key-watch.ts";
import { MessageBuffer } from "./message-buffer.ts";
import { isControlOpcode, opcodes, type Role, type Strictness } from "./opcodes.ts";
import { incomingDirection, MessageInflater, type NegotiatedDeflate } from "./permessage-deflate.ts";
import type { Primitives } from "./primitives.ts";
import { findInvalidUtf8, Utf8Validator } from "./utf8.ts";

/** What one connection may send us. */
export interface ReceiveLimits {
  /** Payload of one message, after inflating. */
  readonly maxMessageBytes: number;
  /** Payload of one frame as declared in its header. */
  readonly maxFrameBytes: number;
  /** Frames of one message. */
  readonly maxFragments: number;
  /** Which data messages are taken at all; others fail with 1003. */
  readonly accepts: readonly ("text" | "binary")[];
}

/** What all connections of a kind read by; none keeps a copy. */
export interface ReceiveRules {
  readonly role: Role;
  readonly strictness: Strictness;
  readonly limits: ReceiveLimits;
  readonly primitives: Primitives;
}

/** A whole message, as the peer sent it. */
export interface MessageEvent {
  readonly type: "message";
  /** `string` for text, bytes for binary; the bytes are the receiver's to keep. */
  readonly data: string | Uint8Array;
  readonly compressed: boolean;
  /** Frames it came in. */
  readonly fragments: number;
}

export type ReaderEvent =
  | MessageEvent
  | { readonly type: "control"; readonly opcode: number; readonly payload: Uint8Array }
  | { readonly type: "warning"; readonly failure: Failure }
  | { readonly type: "failed"; readonly failure: Failure };

/** A data message whose last frame has not come yet. */
interface OpenMessage {
  readonly isText: boolean;
  readonly compressed: boolean;
  readonly buffer: MessageBuffer;
  /** Only of uncompressed text, which is checked as it arrives. */
  readonly utf8: Utf8Validator | undefined;
  receivedBytes: number;
  fragments: number;
}

/** The reader's own {@link StreamPlace}, kept up to date. */
interface CurrentPlace extends StreamPlace {
  isStreamStart: boolean;
  followsPayload: boolean;
  openMessage: OpenMessage | undefined;
}

const empty = new Uint8Array(0);
const maxConsecutiveEmptyFragments = 1000;

export class MessageReader {
  readonly #rules: ReceiveRules;
  readonly #context: HeaderContext;
  readonly #header = new FrameHeader();
  readonly #inflater: MessageInflater | undefined;
  #chunk: Uint8Array = empty;
  #at = 0;
  /** Where the received bytes end in `#chunk`. */
  #end = 0;
  /** Start of a header that was split between chunks. */
  #carry: Uint8Array | undefined;
  #carried = 0;
  #inPayload = false;
  /** Payload bytes of the current frame that have been read. */
  #received = 0;
  readonly #place: CurrentPlace = { isStreamStart: true, followsPayload: false, openMessage: undefined };
  #control: MessageBuffer | undefined;
  #emptyFragments = 0;
  #warnings: Failure[] | undefined;
  #warnedOfLength = false;
  #warnedOfTail = false;
  readonly #keyWatch = new MaskingKeyWatch();

  /** @param deflate what the handshake agreed on; `undefined` without compression. */
  constructor(rules: ReceiveRules, deflate: NegotiatedDeflate | undefined) {
    this.#rules = rules;
    this.#context = findHeaderContext(rules, deflate !== undefined);
    if (deflate) {
      const direction = incomingDirection(deflate, rules.role);
      this.#inflater = new MessageInflater(rules.primitives.deflate, direction);
    }
  }

  /** Whether a message was begun and not finished. */
  get isMessageOpen(): boolean {
    return this.#place.openMessage !== undefined;
  }

  /** Whether the stream stands inside a frame: its end here is a truncation. */
  get isInsideFrame(): boolean {
    return this.#inPayload || this.#carried > 0;
  }

  /**
   * Takes the next bytes, `bytes[0, length)`, and unmasks them in place. They must stay as they are until all events are
   * drawn, or until `keepUnread`.
   */
  push(bytes: Uint8Array, length: number): void {
    if (this.#at === this.#end) {
      this.#chunk = bytes;
      this.#end = length;
    } else {
      this.#chunk = concatenate(this.#chunk.subarray(this.#at, this.#end), bytes.subarray(0, length));
      this.#end = this.#chunk.length;
    }
    this.#at = 0;
  }

  /** Moves what was not read yet to memory of its own: the bytes that were pushed belong to the caller again. */
  keepUnread(): void {
    const unread = this.#chunk.subarray(this.#at, this.#end);
    this.#chunk = unread.length === 0 ? empty : Uint8Array.from(unread);
    this.#at = 0;
    this.#end = unread.length;
  }

  /** Lets go of all memory: nothing will be read any more. */
  stop(): void {
    this.#releaseChunk();
    this.#place.openMessage = undefined;
    this.#control = undefined;
  }

  /** The next event, or `undefined` when more bytes are needed. Must not be called after `failed`. */
  next(): ReaderEvent | undefined {
    for (;;) {
      const warning = this.#warnings?.shift();
      if (warning) return { type: "warning", failure: warning };
      if (!this.#inPayload) {
        const started = this.#startFrame();
        if (started === undefined) return undefined;
        if (started !== true) return { type: "failed", failure: started };
        continue;
      }
      const event = this.#readPayload();
      if (event !== undefined) return event;
      if (this.#inPayload) {
        this.#releaseChunk();
        return undefined;
      }
    }
  }

  /** Reads a header. `true` once the payload may be read, `undefined` if the chunk ended first. */
  #startFrame(): true | Failure | undefined {
    const end = this.#end;
    if (this.#at === end) {
      this.#releaseChunk();
      return undefined;
    }
    let size: number | Failure | undefined;
    if (this.#carried === 0) {
      size = this.#parseHeader(this.#chunk, this.#at, end);
      if (typeof size === "number") this.#at += size;
      else if (size === undefined) this.#carryRest();
    } else {
      size = this.#parseCarriedHeader();
    }
    if (typeof size !== "number") return size;
    this.#carried = 0;
    this.#received = 0;
    this.#place.isStreamStart = false;
    this.#place.followsPayload = this.#header.payloadLength > 0;
    return this.#admitFrame() ?? true;
  }

  #parseHeader(bytes: Uint8Array, start: number, end: number): number | Failure | undefined {
    return this.#header.parse(bytes, start, end, this.#context, this.#place);
  }

  /** Keeps an unfinished header in memory of its own, not as a slice that pins the whole chunk. */
  #carryRest(): void {
    this.#carry ??= new Uint8Array(maxHeaderLength);
    this.#carried = this.#end - this.#at;
    this.#carry.set(this.#chunk.subarray(this.#at, this.#end));
    this.#releaseChunk();
  }

  #parseCarriedHeader(): number | Failure | undefined {
    const carry = this.#carry!;
    while (this.#at < this.#end) {
      carry[this.#carried] = this.#chunk[this.#at]!;
      this.#carried += 1;
      this.#at += 1;
      const size = this.#parseHeader(carry, 0, this.#carried);
      if (size !== undefined) return size;
    }
    this.#releaseChunk();
    return undefined;
  }

  /** Opens the payload; what the header cannot know by itself is judged here: warnings and fragment counts. */
  #admitFrame(): Failure | undefined {
    const header = this.#header;
    this.#inPayload = true;
    if (!header.isLengthMinimal && !this.#warnedOfLength) {
      this.#warnedOfLength = true;
      this.#warn(engineFailures.create("frame-length-not-minimal", { lengthBytes: header.payloadLength }));
    }
    if (header.isMasked && this.#keyWatch.noteNumber(header.keyNumber)) {
      this.#warn(engineFailures.create("frame-mask-key-predictable", { frames: predictableKeyRun }));
    }
    return isControlOpcode(header.opcode) ? undefined : this.#countFragment();
  }

  #countFragment(): Failure | undefined {
    const header = this.#header;
    const { openMessage } = this.#place;
    if (header.fin && openMessage === undefined) return undefined;
    const fragments = (openMessage?.fragments ?? 0) + 1;
    const { maxFragments } = this.#rules.limits;
    if (fragments > maxFragments) {
      return engineFailures.create("message-too-many-fragments", { limit: maxFragments });
    }
    this.#emptyFragments = header.fin || header.payloadLength > 0 ? 0 : this.#emptyFragments + 1;
    if (this.#emptyFragments > maxConsecutiveEmptyFragments) {
      return engineFailures.create("message-empty-fragment-flood", { limit: maxConsecutiveEmptyFragments });
    }
    return undefined;
  }

  /** Reads what the chunk has of the payload; an event if that completed a frame that makes one. */
  #readPayload(): ReaderEvent | undefined {
    const header = this.#header;
    const start = this.#at;
    const end = Math.min(this.#end, start + header.payloadLength - this.#received);
    const isAscii = header.isMasked && applyMask(this.#chunk, start, end, header.keyNumber, this.#received);
    this.#at = end;
    this.#received += end - start;
    const frameComplete = this.#received === header.payloadLength;
    if (frameComplete) this.#inPayload = false;
    if (isControlOpcode(header.opcode)) return this.#readControl(start, end, frameComplete);

    if (frameComplete && header.fin && this.#place.openMessage === undefined) {
      if (isAscii && header.opcode === opcodes.text && !header.rsv1) {
        // Most messages of most servers: neither checked nor copied before they become a string.
        const data = this.#rules.primitives.decodeAscii(this.#chunk, start, end);
        return { type: "message", data, compressed: false, fragments: 1 };
      }
      const payload = this.#chunk.subarray(start, end);
      return this.#finishMessage(payload, header.opcode === opcodes.text, header.rsv1, 1, undefined);
    }
    return this.#readMessagePart(start, end, frameComplete);
  }

  #readControl(start: number, end: number, frameComplete: boolean): ReaderEvent | undefined {
    const { opcode } = this.#header;
    if (frameComplete && this.#control === undefined) {
      return { type: "control", opcode, payload: this.#copy(this.#chunk.subarray(start, end)) };
    }
    const { payloadLength } = this.#header;
    this.#control ??= new MessageBuffer(this.#rules.primitives, payloadLength);
    this.#control.append(this.#chunk, start, end, payloadLength);
    if (!frameComplete) return undefined;
    const payload = this.#control.view();
    this.#control = undefined;
    return { type: "control", opcode, payload };
  }

  #readMessagePart(start: number, end: number, frameComplete: boolean): ReaderEvent | undefined {
    const header = this.#header;
    const isText = header.opcode === opcodes.text;
    const message = (this.#place.openMessage ??= {
      isText,
      compressed: header.rsv1,
      buffer: new MessageBuffer(this.#rules.primitives, end - start),
      utf8: isText && !header.rsv1 ? new Utf8Validator(this.#rules.primitives) : undefined,
      receivedBytes: 0,
      fragments: 0,
    });
    const before = message.receivedBytes;
    if (message.utf8) {
      const invalid = message.utf8.findInvalid(this.#chunk, start, end);
      if (invalid >= 0) return failUtf8(before + invalid - start, this.#chunk[invalid]);
    }
    const frameEnd = before + end - start + header.payloadLength - this.#received;
    message.buffer.append(this.#chunk, start, end, header.fin ? frameEnd : Number.POSITIVE_INFINITY);
    message.receivedBytes = message.buffer.length;
    if (!frameComplete) return undefined;
    message.fragments += 1;
    if (!header.fin) return undefined;
    this.#place.openMessage = undefined;
    const { compressed, fragments, utf8 } = message;
    return this.#finishMessage(message.buffer.view(), message.isText, compressed, fragments, utf8);
  }

  /** `utf8` is what has checked the payload already, if anything has. */
  #finishMessage(
    payload: Uint8Array,
    isText: boolean,
    compressed: boolean,
    fragments: number,
    utf8: Utf8Validator | undefined,
  ): ReaderEvent {
    const { primitives } = this.#rules;
    if (utf8 && !utf8.isComplete) return failUtf8(payload.length, undefined);
    let plain = payload;
    if (compressed) {
      const inflated = this.#inflate(payload);
      if (!(inflated instanceof Uint8Array)) return { type: "failed", failure: inflated };
      plain = inflated;
    }
    if (!isText) {
      const data = this.#isShared(plain, compressed) ? this.#copy(plain) : plain;
      return { type: "message", data, compressed, fragments };
    }
    if (utf8 === undefined && !primitives.isUtf8(plain)) {
      const offset = findInvalidUtf8(plain);
      return failUtf8(offset, plain[offset]);
    }
    return { type: "message", data: primitives.decodeUtf8(plain), compressed, fragments };
  }

  /** Whether keeping these bytes would keep much more: a chunk of the socket, or an inflater's output buffer. */
  #isShared(bytes: Uint8Array, compressed: boolean): boolean {
    return bytes.buffer === this.#chunk.buffer || (compressed && bytes.buffer.byteLength > 2 * bytes.length);
  }

  #inflate(payload: Uint8Array): Uint8Array | Failure {
    const inflater = this.#inflater!;
    const { maxMessageBytes } = this.#rules.limits;
    const hasTail = endsWithFlushTail(payload);
    if (hasTail && !this.#warnedOfTail) {
      this.#warnedOfTail = true;
      this.#warn(engineFailures.create("deflate-tail-not-stripped", {}));
    }
    const stripped = hasTail ? payload.subarray(0, payload.length - 4) : payload;
    const result = inflater.inflate(stripped, maxMessageBytes);
    return result.ok
      ? result.data
      : explainInflate(result, payload, maxMessageBytes, inflater.contextTakeover);
  }

  #warn(failure: Failure): void {
    (this.#warnings ??= []).push({ ...failure, severity: "warning" });
  }

  #copy(bytes: Uint8Array): Uint8Array {
    if (bytes.length === 0) return empty;
    const copy = this.#rules.primitives.allocate(bytes.length);
    copy.set(bytes);
    return copy;
  }

  /** An idle connection keeps no chunk alive: Node's read buffers are 64 KiB. */
  #releaseChunk(): void {
    this.#chunk = empty;
    this.#at = 0;
    this.#end = 0;
  }
}

function failUtf8(offset: number, byte: number | undefined): ReaderEvent {
  return { type: "failed", failure: engineFailures.create("message-invalid-utf8", { offset, byte }) };
}

function concatenate(first: Uint8Array, second: Uint8Array): Uint8Array {
  const joined = new Uint8Array(first.length + second.length);
  joined.set(first);
  joined.set(second, first.length);
  return joined;
}
