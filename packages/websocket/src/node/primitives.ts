/** The protocol core's {@link Primitives} on Node: Buffer, node:crypto and node:zlib. */
import { isUtf8 } from "node:buffer";
import { randomFillSync } from "node:crypto";
import type { Primitives } from "../protocol/primitives.ts";
import { deflateCodec } from "./deflate-codec.ts";

/** Keys are drawn from the system's generator 8 KiB at a time and each is used once. */
const keyPool = Buffer.alloc(8192);
let keyPoolAt = keyPool.length;

export const nodePrimitives: Primitives = {
  // From Node's 8 KiB pool below 4 KiB: eight times cheaper, and a kept message pins little beside itself.
  allocate: (bytes) => Buffer.allocUnsafe(bytes),
  utf8Length: (text) => Buffer.byteLength(text),
  writeUtf8: (text, target, offset) => asBuffer(target).write(text, offset, "utf8"),
  isUtf8: (bytes) => isUtf8(bytes),
  decodeUtf8: (bytes) => asBuffer(bytes).toString("utf8"),
  decodeAscii: (bytes, start, end) => asBuffer(bytes).toString("latin1", start, end),
  writeMaskingKey,
  deflate: deflateCodec,
};

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

function writeMaskingKey(target: Uint8Array, offset: number): void {
  if (keyPoolAt === keyPool.length) {
    randomFillSync(keyPool);
    keyPoolAt = 0;
  }
  for (let i = 0; i < 4; i += 1) target[offset + i] = keyPool[keyPoolAt + i]!;
  keyPoolAt += 4;
}
