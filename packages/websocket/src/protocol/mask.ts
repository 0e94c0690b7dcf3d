/**
 * Masking (RFC 6455 §5.3): octet *i* of the payload XOR octet *i* mod 4 of the key. Its own inverse. A key is handled as a
 * number, its first octet in the highest bits: a connection then keeps no memory of its own for it.
 */

/** Below this many bytes, making a word view costs more than it saves. */
const minimumForWords = 48;

const rotatedKey = new Uint8Array(4);
const rotatedKeyWord = new Int32Array(rotatedKey.buffer);

/** Set in every byte of a word that is not ASCII, on machines of either byte order. */
const notAscii = 0x80808080 | 0;

/** The key that stands at `bytes[at, at + 4)`. */
export function readMaskingKey(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

/** Octet `phase` mod 4 of a key. */
function keyOctet(key: number, phase: number): number {
  return (key >>> (24 - 8 * (phase & 3))) & 0xff;
}

/**
 * Masks or unmasks `bytes[start, end)` in place. `position` is where `start` lies in the frame's payload: the key
 * index restarts at every frame, not at every chunk. Answers whether all that came out is ASCII, which costs nothing to
 * know here and spares a text the check for valid UTF-8.
 */
export function applyMask(
  bytes: Uint8Array,
  start: number,
  end: number,
  key: number,
  position: number,
): boolean {
  let at = start;
  let phase = position;
  let seen = 0;
  if (end - start >= minimumForWords) {
    for (; ((bytes.byteOffset + at) & 3) !== 0; at += 1, phase += 1) {
      seen |= bytes[at] = bytes[at]! ^ keyOctet(key, phase);
    }
    for (let i = 0; i < 4; i += 1) rotatedKey[i] = keyOctet(key, phase + i);
    const word = rotatedKeyWord[0]!;
    const words = new Int32Array(bytes.buffer, bytes.byteOffset + at, (end - at) >>> 2);
    let seenWord = 0;
    for (let i = 0; i < words.length; i += 1) seenWord |= words[i] = words[i]! ^ word;
    if ((seenWord & notAscii) !== 0) seen |= 0x80;
    // A whole number of words leaves the phase as it is.
    at += words.length * 4;
  }
  for (; at < end; at += 1, phase += 1) seen |= bytes[at] = bytes[at]! ^ keyOctet(key, phase);
  return (seen & 0x80) === 0;
}
