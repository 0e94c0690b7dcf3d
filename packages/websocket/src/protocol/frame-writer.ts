/**
 * Frames to bytes (RFC 6455 §5.2), always with the minimal length form. Client frames are masked with a fresh key,
 * server frames are not; there is no way to ask for anything else here.
 */
import type { Opcode, Role } from "./opcodes.ts";
import { applyMask, readMaskingKey } from "./mask.ts";
import type { Primitives } from "./primitives.ts";

const finBit = 0x80;
const rsv1Bit = 0x40;
const maskBit = 0x80;

export interface FrameFlags {
  readonly fin: boolean;
  /** Only on the first frame of a compressed message (RFC 7692 §6). */
  readonly rsv1: boolean;
}

export const wholeMessage: FrameFlags = { fin: true, rsv1: false };
export const wholeCompressedMessage: FrameFlags = { fin: true, rsv1: true };

/** Length of the header of a frame with this payload, masking key included. */
export function frameHeaderLength(payloadLength: number, masked: boolean): number {
  const lengthBytes = payloadLength < 126 ? 2 : payloadLength < 65_536 ? 4 : 10;
  return masked ? lengthBytes + 4 : lengthBytes;
}

/** Writes all but the masking key; returns the offset behind it. */
export function writeFrameHeader(
  target: Uint8Array,
  opcode: Opcode,
  flags: FrameFlags,
  payloadLength: number,
  masked: boolean,
): number {
  target[0] = (flags.fin ? finBit : 0) | (flags.rsv1 ? rsv1Bit : 0) | opcode;
  const mask = masked ? maskBit : 0;
  if (payloadLength < 126) {
    target[1] = mask | payloadLength;
    return 2;
  }
  if (payloadLength < 65_536) {
    target[1] = mask | 126;
    target[2] = payloadLength >>> 8;
    target[3] = payloadLength & 0xff;
    return 4;
  }
  target[1] = mask | 127;
  let rest = payloadLength;
  for (let at = 9; at >= 2; at -= 1) {
    target[at] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return 10;
}

/** Makes one frame. The payload is copied, so a client's masking never touches the caller's bytes. */
export function encodeFrame(
  primitives: Primitives,
  role: Role,
  opcode: Opcode,
  payload: Uint8Array,
  flags: FrameFlags = wholeMessage,
): Uint8Array {
  const masked = role === "client";
  const start = frameHeaderLength(payload.length, masked);
  const frame = primitives.allocate(start + payload.length);
  writeFrameHeader(frame, opcode, flags, payload.length, masked);
  frame.set(payload, start);
  if (masked) maskFrame(primitives, frame, start);
  return frame;
}

/** Makes one frame from text, encoding straight into the frame. */
export function encodeTextFrame(
  primitives: Primitives,
  role: Role,
  opcode: Opcode,
  text: string,
): Uint8Array {
  const masked = role === "client";
  const length = primitives.utf8Length(text);
  const start = frameHeaderLength(length, masked);
  const frame = primitives.allocate(start + length);
  writeFrameHeader(frame, opcode, wholeMessage, length, masked);
  primitives.writeUtf8(text, frame, start);
  if (masked) maskFrame(primitives, frame, start);
  return frame;
}

function maskFrame(primitives: Primitives, frame: Uint8Array, payloadStart: number): void {
  const keyStart = payloadStart - 4;
  primitives.writeMaskingKey(frame, keyStart);
  applyMask(frame, payloadStart, frame.length, readMaskingKey(frame, keyStart), 0);
}
