/**
 * The frames in one direction of a live connection: bytes in, in any pieces, and out comes each frame with the start of
 * its payload. It reads on where a receiver would give up, never changes the bytes it is shown, and keeps at most
 * `maxKeptBytes` of one frame. The verdicts are the engine's own. Fed by the connection observer.
 */
import type { Failure, Role } from "@antiphon/websocket";
import { mask, opcodes } from "@antiphon/websocket/frames";
import {
  FrameHeader,
  type FrameLayout,
  type HeaderContext,
  judgeHeaderFields,
  maxHeaderLength,
  readFrameLayout,
  type StreamPlace,
} from "@antiphon/websocket/inspect";

/** One frame as it was on the wire. */
export interface WalkedFrame {
  readonly opcode: number;
  readonly fin: boolean;
  readonly rsv1: boolean;
  readonly headerBytes: number;
  readonly payloadBytes: number;
  /** `undefined` if the frame is not masked. */
  readonly maskingKey: Uint8Array | undefined;
  /** Unmasked, from the first byte on; all of it unless the frame is larger than what is kept. */
  readonly payload: Uint8Array;
  /** Broken header rules, the one that a receiver would report first. */
  readonly failures: readonly Failure[];
  /** The length is written in a longer form than needed. */
  readonly isLengthMinimal: boolean;
}

export type WalkerEvent =
  | { readonly type: "frame"; readonly frame: WalkedFrame }
  /** What follows is no frame, or there is no telling where the next one starts: nothing more is read. */
  | { readonly type: "lost"; readonly failure: Failure; readonly rest: Uint8Array };

/** Without these the next frame cannot be found. */
const unreadable: ReadonlySet<string> = new Set([
  "stream-not-websocket",
  "http-response-after-101",
  "frame-length-msb-set",
  "frame-length-unsupported",
]);

const noFailures: readonly Failure[] = [];
const nothing = Buffer.alloc(0);

/** A frame whose header has been read. */
interface OpenFrame extends Omit<WalkedFrame, "payload"> {
  readonly kept: Buffer;
  keptBytes: number;
  /** Payload bytes that have not come yet. */
  missing: number;
  isReported: boolean;
}

interface CurrentPlace extends StreamPlace {
  isStreamStart: boolean;
  followsPayload: boolean;
  openMessage: { receivedBytes: number; compressed: boolean } | undefined;
}

export class FrameWalker {
  readonly #context: HeaderContext;
  readonly #maxKeptBytes: number;
  readonly #header = new FrameHeader();
  readonly #carry = Buffer.alloc(maxHeaderLength);
  #carried = 0;
  readonly #place: CurrentPlace = { isStreamStart: true, followsPayload: false, openMessage: undefined };
  #frame: OpenFrame | undefined;
  #isLost = false;

  /** @param sender who sends the bytes; the verdicts are those of the other side. */
  constructor(sender: Role, options: { readonly deflateNegotiated: boolean; readonly maxKeptBytes: number }) {
    this.#maxKeptBytes = options.maxKeptBytes;
    this.#context = {
      role: sender === "client" ? "server" : "client",
      deflateNegotiated: options.deflateNegotiated,
      // Sizes are each receiver's own affair, and a length in a longer form is noted and read.
      allowNonMinimalLength: true,
      maxFrameBytes: Number.MAX_SAFE_INTEGER,
      maxMessageBytes: Number.MAX_SAFE_INTEGER,
      acceptsText: true,
      acceptsBinary: true,
    };
  }

  /** Whether the stream stands inside a frame: its end here cuts one off. */
  get isInsideFrame(): boolean {
    return !this.#isLost && (this.#carried > 0 || this.#frame !== undefined);
  }

  /** Bytes of the unfinished frame that are kept. */
  get pendingBytes(): number {
    return this.#carried + (this.#frame ? this.#frame.headerBytes + this.#frame.keptBytes : 0);
  }

  /** Looks at the next bytes, which are neither changed nor kept. */
  push(chunk: Uint8Array): WalkerEvent[] {
    const events: WalkerEvent[] = [];
    let at = 0;
    // A frame without payload is complete with its header, so it may be there with no bytes left.
    while (!this.#isLost && (at < chunk.length || this.#frame?.missing === 0)) {
      if (this.#frame === undefined) at = this.#readHeader(chunk, at, events);
      else at = this.#readPayload(this.#frame, chunk, at, events);
    }
    return events;
  }

  #readHeader(chunk: Uint8Array, at: number, events: WalkerEvent[]): number {
    const carried = this.#carried;
    const taken = Math.min(maxHeaderLength - carried, chunk.length - at);
    this.#carry.set(chunk.subarray(at, at + taken), carried);
    const available = carried + taken;
    const judged = this.#header.parse(this.#carry, 0, available, this.#context, this.#place);
    if (judged === undefined) {
      this.#carried = available;
      return at + taken;
    }
    if (typeof judged === "number") {
      const { fin, rsv1, opcode, payloadLength, maskingKey, isLengthMinimal } = this.#header;
      const key = maskingKey && Uint8Array.from(maskingKey);
      this.#open({ fin, rsv1, opcode, isLengthMinimal }, judged, payloadLength, key, noFailures);
      return at + judged - carried;
    }
    if (unreadable.has(judged.name) || judged.evidence["hint"] === "frame-payload-longer-than-length") {
      this.#isLost = true;
      const rest = Buffer.concat([this.#carry.subarray(0, carried), chunk.subarray(at)]);
      events.push({ type: "lost", failure: judged, rest });
      return chunk.length;
    }
    return this.#readFaultyHeader(at, available, taken);
  }

  /** A header that a receiver refuses, read to its end all the same. */
  #readFaultyHeader(at: number, available: number, taken: number): number {
    const header = this.#carry.subarray(0, available);
    const layout = readFrameLayout(header, 0);
    if (!isComplete(layout, available)) {
      this.#carried = available;
      return at + taken;
    }
    const { first, payloadStart, payloadLength = 0, maskingKey } = layout;
    const bytes = header.subarray(0, payloadStart);
    const judged = judgeHeaderFields(bytes, this.#context, this.#place);
    const failures = [...new Map([...judged.values()].map((failure) => [failure.name, failure])).values()];
    const bits = {
      fin: (first & 0x80) !== 0,
      rsv1: (first & 0x40) !== 0,
      opcode: first & 0x0f,
      isLengthMinimal: true,
    };
    const consumed = payloadStart - this.#carried;
    // The layout's key is a view of the carry, which the next header overwrites.
    const key = maskingKey && Uint8Array.from(maskingKey);
    this.#open(bits, payloadStart, payloadLength, key, failures);
    return at + consumed;
  }

  #open(
    bits: Pick<WalkedFrame, "fin" | "rsv1" | "opcode" | "isLengthMinimal">,
    headerBytes: number,
    payloadBytes: number,
    maskingKey: Uint8Array | undefined,
    failures: readonly Failure[],
  ): void {
    this.#carried = 0;
    const keptLength = Math.min(payloadBytes, this.#maxKeptBytes);
    this.#frame = {
      ...bits,
      headerBytes,
      payloadBytes,
      maskingKey,
      failures,
      kept: keptLength === 0 ? nothing : Buffer.allocUnsafe(keptLength),
      keptBytes: 0,
      missing: payloadBytes,
      isReported: false,
    };
    this.#movePlace(bits, payloadBytes);
  }

  #movePlace(
    { fin, rsv1, opcode }: Pick<WalkedFrame, "fin" | "rsv1" | "opcode">,
    payloadBytes: number,
  ): void {
    const place = this.#place;
    place.isStreamStart = false;
    place.followsPayload = payloadBytes > 0;
    if (opcode > opcodes.binary) return;
    const { openMessage } = place;
    if (fin) {
      place.openMessage = undefined;
    } else if (opcode !== opcodes.continuation) {
      place.openMessage = { receivedBytes: payloadBytes, compressed: rsv1 };
    } else if (openMessage) {
      openMessage.receivedBytes += payloadBytes;
    }
  }

  #readPayload(frame: OpenFrame, chunk: Uint8Array, at: number, events: WalkerEvent[]): number {
    const end = Math.min(chunk.length, at + frame.missing);
    const keepEnd = Math.min(end, at + frame.kept.length - frame.keptBytes);
    if (keepEnd > at) {
      frame.kept.set(chunk.subarray(at, keepEnd), frame.keptBytes);
      frame.keptBytes += keepEnd - at;
    }
    frame.missing -= end - at;
    // Large frames are told as soon as their start is there: their end may be minutes away, or never come.
    if (!frame.isReported && frame.keptBytes === frame.kept.length) {
      frame.isReported = true;
      events.push({ type: "frame", frame: toWalkedFrame(frame) });
    }
    if (frame.missing === 0) this.#frame = undefined;
    return end;
  }
}

function toWalkedFrame(frame: OpenFrame): WalkedFrame {
  const { opcode, fin, rsv1, headerBytes, payloadBytes, maskingKey, failures, isLengthMinimal, kept } = frame;
  const payload = maskingKey ? mask(kept, maskingKey) : kept;
  return { opcode, fin, rsv1, headerBytes, payloadBytes, maskingKey, payload, failures, isLengthMinimal };
}

function isComplete({ payloadLength, payloadStart }: FrameLayout, available: number): boolean {
  return payloadLength !== undefined && available >= payloadStart;
}
