/** Frames of a client, made once before anything is measured. The masking key is fixed: the server must unmask all the same. */
import { deflateRawSync } from "node:zlib";

const maskingKey = [0x37, 0xfa, 0x21, 0x3d] as const;
const final = 0x80;
const compressed = 0x40;
const text = 0x01;
const close = 0x08;

function encodeMasked(firstByte: number, payload: Buffer): Buffer {
  const length = payload.length;
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const frame = Buffer.allocUnsafe(2 + extended + 4 + length);
  frame[0] = firstByte;
  frame[1] = 0x80 | (extended === 0 ? length : extended === 2 ? 126 : 127);
  if (extended === 2) frame.writeUInt16BE(length, 2);
  if (extended === 8) frame.writeBigUInt64BE(BigInt(length), 2);
  frame.set(maskingKey, 2 + extended);
  const start = 6 + extended;
  for (let index = 0; index < length; index += 1)
    frame[start + index] = payload[index]! ^ maskingKey[index & 3]!;
  return frame;
}

/** Bytes of a server's frame with an uncompressed payload of this length: no mask. */
export function serverFrameBytes(payloadBytes: number): number {
  return payloadBytes + (payloadBytes < 126 ? 2 : payloadBytes < 65_536 ? 4 : 10);
}

export function encodeText(message: string): Buffer {
  return encodeMasked(final | text, Buffer.from(message));
}

/** As a client that negotiated permessage-deflate would send it. */
export function encodeCompressedText(message: string): Buffer {
  const deflated = deflateRawSync(Buffer.from(message), { finishFlush: 2 });
  // RFC 7692 §7.2.1: without the empty block that ends each message.
  return encodeMasked(final | compressed | text, deflated.subarray(0, -4));
}

/** Close with 1000. */
export const closeFrame = encodeMasked(final | close, Buffer.from([0x03, 0xe8]));
