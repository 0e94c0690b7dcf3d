/**
 * Masking (RFC 6455 §5.3): octet *i* of the payload XOR octet *i* mod 4 of the key. Its own inverse.
 */

/** Below this many bytes, making a word view costs more than it saves. */
const minimumForWords = 48;

const rotatedKey = new Uint8Array(4);
const rotatedKeyWord = new Int32Array(rotatedKey.buffer);

/**
 * Masks or unmasks `bytes[start, end)` in place. `position` is where `start` lies in the frame's payload: the key
 * index restarts at every frame, not at every chunk.
 */
export function applyMask(
  bytes: Uint8Array,
  start: number,
  end: number,
  key: Uint8Array,
  position: number,
): void {
  let at = start;
  let phase = position;
  if (end - start >= minimumForWords) {
    while (((bytes.byteOffset + at) & 3) !== 0) {
      bytes[at] = bytes[at]! ^ key[phase & 3]!;
      at += 1;
      phase += 1;
    }
    for (let i = 0; i < 4; i += 1) rotatedKey[i] = key[(phase + i) & 3]!;
    const word = rotatedKeyWord[0]!;
    const words = new Int32Array(bytes.buffer, bytes.byteOffset + at, (end - at) >>> 2);
    for (let i = 0; i < words.length; i += 1) words[i] = words[i]! ^ word;
    // A whole number of words leaves the phase as it is.
    at += words.length * 4;
  }
  for (; at < end; at += 1, phase += 1) bytes[at] = bytes[at]! ^ key[phase & 3]!;
}
