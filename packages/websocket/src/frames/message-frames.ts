/** Whole messages in one frame. The name says the side: plain frames are for servers, masked ones for clients. */
import { opcodes } from "../protocol/opcodes.ts";
import { encodeFrame } from "./encode-frame.ts";
import type { MaskingOptions } from "./frame-side.ts";

/** A text message from a SERVER, unmasked. Lone surrogates become U+FFFD. Strict servers cut a client that sends it. */
export function createTextFrame(text: string): Uint8Array {
  return encodeFrame({ role: "server", fin: true, opcode: opcodes.text, payload: text });
}

/** A binary message from a SERVER, unmasked. The bytes are copied. */
export function createBinaryFrame(bytes: Uint8Array): Uint8Array {
  return encodeFrame({ role: "server", fin: true, opcode: opcodes.binary, payload: bytes });
}

/**
 * A text message from a CLIENT, masked with a fresh random key (RFC 6455 §5.3).
 * @throws FailureError `frame-mask-key-chosen` or `frame-mask-key-size` for a key that must not be used.
 */
export function createMaskedTextFrame(text: string, masking: MaskingOptions = {}): Uint8Array {
  return encodeFrame({ ...masking, role: "client", fin: true, opcode: opcodes.text, payload: text });
}

/**
 * A binary message from a CLIENT, masked with a fresh random key. The bytes are copied and left as they are.
 * @throws FailureError `frame-mask-key-chosen` or `frame-mask-key-size` for a key that must not be used.
 */
export function createMaskedBinaryFrame(bytes: Uint8Array, masking: MaskingOptions = {}): Uint8Array {
  return encodeFrame({ ...masking, role: "client", fin: true, opcode: opcodes.binary, payload: bytes });
}
