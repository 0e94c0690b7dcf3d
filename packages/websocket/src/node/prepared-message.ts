/**
 * A message for many connections: its server frame is made once and shared; each compressed form is made once for all
 * connections that can share it (RFC 7692 without context takeover).
 */
import { encodeFrame, encodeTextFrame, wholeCompressedMessage } from "../protocol/frame-writer.ts";
import { opcodes } from "../protocol/opcodes.ts";
import type { CompressionSettings } from "../protocol/permessage-deflate.ts";
import { nodePrimitives } from "./primitives.ts";

export class PreparedMessage {
  /** The message as it was given. */
  readonly data: string | Uint8Array;
  /** The uncompressed server frame. Shared: must not be changed. */
  readonly frame: Uint8Array;
  #compressed: Map<number, Uint8Array> | undefined;

  constructor(data: string | Uint8Array) {
    this.data = data;
    this.frame =
      typeof data === "string"
        ? encodeTextFrame(nodePrimitives, "server", opcodes.text, data)
        : encodeFrame(nodePrimitives, "server", opcodes.binary, data);
  }

  /** The compressed server frame for one window size. Shared: must not be changed. */
  compressedFrame(windowBits: number, settings: CompressionSettings): Uint8Array {
    const known = this.#compressed?.get(windowBits);
    if (known) return known;
    const isText = typeof this.data === "string";
    const plain = typeof this.data === "string" ? Buffer.from(this.data) : this.data;
    const payload = nodePrimitives.deflate.deflate(plain, { windowBits, ...settings });
    const opcode = isText ? opcodes.text : opcodes.binary;
    const frame = encodeFrame(nodePrimitives, "server", opcode, payload, wholeCompressedMessage);
    (this.#compressed ??= new Map()).set(windowBits, frame);
    return frame;
  }
}
