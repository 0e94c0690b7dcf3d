/**
 * The header of one frame: bytes in, fields or the failure out (RFC 6455 §5.2). Each rule is checked as soon as the byte
 * that decides it is there, in a fixed order, so the verdict on any bytes is the same however they were split.
 */
import { engineFailures } from "../failures/engine-failures.ts";
import type { Failure } from "../failures/failure.ts";
import { recogniseForeignStream, startsForeignStream } from "./foreign-stream.ts";
import { readMaskingKey } from "./mask.ts";
import { isControlOpcode, isKnownOpcode, opcodes, type Role } from "./opcodes.ts";

/** Longest header: 2 bytes, 8 of extended length, 4 of masking key. */
export const maxHeaderLength = 14;

/** What the verdict on a header depends on for the whole life of a connection. */
export interface HeaderContext {
  readonly role: Role;
  readonly deflateNegotiated: boolean;
  readonly allowNonMinimalLength: boolean;
  readonly maxFrameBytes: number;
  readonly maxMessageBytes: number;
  readonly acceptsText: boolean;
  readonly acceptsBinary: boolean;
}

/** Where in the stream a header stands: what came before decides what it may be. */
export interface StreamPlace {
  /** These are the first bytes after the handshake, where other protocols are recognised. */
  readonly isStreamStart: boolean;
  /** The frame before had a payload: if this is no header, that frame's length may have been too short. */
  readonly followsPayload: boolean;
  /** The message that waits for its continuation. */
  readonly openMessage: { readonly receivedBytes: number; readonly compressed: boolean } | undefined;
}

/** The fields of the frame being read. One per connection, overwritten by every frame. */
export class FrameHeader {
  fin = false;
  rsv1 = false;
  opcode = 0;
  payloadLength = 0;
  isLengthMinimal = true;
  isMasked = false;
  /** The masking key as a number, first octet in the highest bits; of the last frame that was masked. */
  keyNumber = 0;

  /** The octets of the masking key; `undefined` on frames from a server. */
  get maskingKey(): Uint8Array | undefined {
    if (!this.isMasked) return undefined;
    const key = this.keyNumber;
    return Uint8Array.of(key >>> 24, key >>> 16, key >>> 8, key);
  }

  /** Reads the header at `bytes[start, end)`. Its length, `undefined` if more bytes are needed, or the failure. */
  parse(
    bytes: Uint8Array,
    start: number,
    end: number,
    context: HeaderContext,
    place: StreamPlace,
  ): number | Failure | undefined {
    const available = end - start;
    if (available === 0) return undefined;
    const first = bytes[start]!;
    if (place.isStreamStart && startsForeignStream(first)) {
      if (available === 1) return undefined;
      const foreign = recogniseForeignStream(first, bytes[start + 1]!, context.role);
      if (foreign) return foreign;
    }
    const firstFault = this.#readFirstByte(first, context, place);
    if (firstFault) return firstFault;
    if (available === 1) return undefined;
    const second = bytes[start + 1]!;
    const masked = (second & 0x80) !== 0;
    const shortLength = second & 0x7f;
    const secondFault = this.#judgeSecondByte(masked, shortLength, context.role);
    if (secondFault) return secondFault;

    const lengthEnd = shortLength < 126 ? 2 : shortLength === 126 ? 4 : 10;
    if (shortLength === 127 && available > 2 && bytes[start + 2]! >= 0x80) {
      return engineFailures.create("frame-length-msb-set", { firstLengthByte: bytes[start + 2]! });
    }
    if (available < lengthEnd) return undefined;
    const lengthFault =
      this.#readLength(bytes, start, shortLength, context) ??
      this.#judgeMessage(bytes, start, context, place);
    if (lengthFault) return lengthFault;

    this.isMasked = masked;
    if (!masked) return lengthEnd;
    if (available < lengthEnd + 4) return undefined;
    this.keyNumber = readMaskingKey(bytes, start + lengthEnd);
    return lengthEnd + 4;
  }

  #readFirstByte(first: number, context: HeaderContext, place: StreamPlace): Failure | undefined {
    const opcode = first & 0x0f;
    const isControl = isControlOpcode(opcode);
    this.fin = (first & 0x80) !== 0;
    this.rsv1 = (first & 0x40) !== 0;
    this.opcode = opcode;
    if ((first & 0x30) !== 0) {
      return engineFailures.create("frame-rsv2-rsv3-set", {
        firstByte: first,
        hint: hintOfLostBorder(place),
      });
    }
    if (this.rsv1 && !context.deflateNegotiated) {
      // A first byte that any compressing client would send is what it looks like.
      const isPlausible = opcode === opcodes.text || opcode === opcodes.binary;
      const hint = isPlausible ? undefined : hintOfLostBorder(place);
      return engineFailures.create("frame-rsv1-without-deflate", { firstByte: first, hint });
    }
    if (!isKnownOpcode(opcode)) {
      return engineFailures.create("frame-opcode-reserved", { opcode, hint: hintOfLostBorder(place) });
    }
    if (this.rsv1 && isControl) return engineFailures.create("frame-rsv1-on-control", { opcode });
    if (this.rsv1 && opcode === opcodes.continuation) {
      return engineFailures.create("frame-rsv1-on-continuation", {});
    }
    if (isControl)
      return this.fin ? undefined : engineFailures.create("frame-control-fragmented", { opcode });
    if (opcode === opcodes.continuation) {
      return place.openMessage ? undefined : engineFailures.create("frame-continuation-unexpected", {});
    }
    return place.openMessage ? engineFailures.create("frame-continuation-expected", { opcode }) : undefined;
  }

  #judgeSecondByte(masked: boolean, shortLength: number, role: Role): Failure | undefined {
    if (role === "server" && !masked) {
      return engineFailures.create("frame-unmasked-from-client", { opcode: this.opcode });
    }
    if (role === "client" && masked) {
      return engineFailures.create("frame-masked-from-server", { opcode: this.opcode });
    }
    if (isControlOpcode(this.opcode) && shortLength > 125) {
      return engineFailures.create("frame-control-too-long", { opcode: this.opcode });
    }
    if (this.opcode === opcodes.close && shortLength === 1) {
      return engineFailures.create("close-payload-one-byte", {});
    }
    return undefined;
  }

  #readLength(
    bytes: Uint8Array,
    start: number,
    shortLength: number,
    context: HeaderContext,
  ): Failure | undefined {
    let length = shortLength;
    let minimum = 0;
    if (shortLength === 126) {
      length = bytes[start + 2]! * 256 + bytes[start + 3]!;
      minimum = 126;
    } else if (shortLength === 127) {
      length = 0;
      for (let at = start + 2; at < start + 10; at += 1) length = length * 256 + bytes[at]!;
      minimum = 65_536;
    }
    this.payloadLength = length;
    // Deviation: `compat` reads on, with a warning, since one client in the field encodes 65,535 bytes in 64 bits.
    this.isLengthMinimal = length >= minimum;
    if (!this.isLengthMinimal && !context.allowNonMinimalLength) {
      return engineFailures.create("frame-length-not-minimal", { lengthBytes: length });
    }
    if (length > Number.MAX_SAFE_INTEGER) {
      return engineFailures.create("frame-length-unsupported", {
        hint: hintOfByteOrder(bytes, start, context),
      });
    }
    if (length > context.maxFrameBytes) {
      return engineFailures.create("frame-too-large", {
        frameBytes: length,
        limitBytes: context.maxFrameBytes,
        hint: hintOfByteOrder(bytes, start, context),
      });
    }
    return undefined;
  }

  /** Whether the message that this frame belongs to may be this long, and of this type. */
  #judgeMessage(
    bytes: Uint8Array,
    start: number,
    context: HeaderContext,
    place: StreamPlace,
  ): Failure | undefined {
    if (isControlOpcode(this.opcode)) return undefined;
    const { maxMessageBytes } = context;
    const compressed = place.openMessage?.compressed ?? this.rsv1;
    const messageBytes = (place.openMessage?.receivedBytes ?? 0) + this.payloadLength;
    if (messageBytes > (compressed ? longestDeflated(maxMessageBytes) : maxMessageBytes)) {
      return engineFailures.create("message-too-large", {
        messageBytes,
        limitBytes: maxMessageBytes,
        hint: hintOfByteOrder(bytes, start, context),
      });
    }
    if (this.opcode === opcodes.text && !context.acceptsText) {
      return engineFailures.create("message-type-not-accepted", { type: "text" });
    }
    if (this.opcode === opcodes.binary && !context.acceptsBinary) {
      return engineFailures.create("message-type-not-accepted", { type: "binary" });
    }
    return undefined;
  }
}

/** Most bytes that a message of this size takes compressed: stored blocks cost a few bytes each. */
function longestDeflated(plainBytes: number): number {
  return plainBytes + Math.ceil(plainBytes / 256) + 64;
}

function hintOfLostBorder(place: StreamPlace): "frame-payload-longer-than-length" | undefined {
  return place.followsPayload ? "frame-payload-longer-than-length" : undefined;
}

/** Only of 64-bit lengths: a shorter one may as well be a frame that is simply too large. */
function hintOfByteOrder(
  bytes: Uint8Array,
  start: number,
  context: HeaderContext,
): "frame-length-byte-order" | undefined {
  if ((bytes[start + 1]! & 0x7f) !== 127) return undefined;
  let reversed = 0;
  for (let at = start + 9; at >= start + 2; at -= 1) reversed = reversed * 256 + bytes[at]!;
  const limit = Math.min(context.maxFrameBytes, context.maxMessageBytes);
  return reversed >= 65_536 && reversed <= limit ? "frame-length-byte-order" : undefined;
}
