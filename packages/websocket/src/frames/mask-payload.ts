/** Masking as a pure function, over the engine's own. */
import { applyMask, readMaskingKey } from "../protocol/mask.ts";

/**
 * Masks or unmasks a payload (RFC 6455 §5.3) into new bytes; it is its own inverse. `offset` is where `payload` begins
 * within the frame's payload, for a payload that comes in pieces.
 * @throws RangeError for a key that has not four bytes.
 */
export function mask(payload: Uint8Array, key: Uint8Array, offset = 0): Uint8Array {
  if (key.length !== 4) throw new RangeError("a masking key has 4 bytes (RFC 6455 §5.2)");
  const masked = Uint8Array.from(payload);
  applyMask(masked, 0, masked.length, readMaskingKey(key, 0), offset);
  return masked;
}
