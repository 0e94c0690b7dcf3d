/**
 * Incremental UTF-8 validation that fails at the first byte that cannot be continued (RFC 3629, RFC 6455 §8.1):
 * overlong forms, surrogates, code points above U+10FFFF and stray continuation bytes are errors.
 */
import type { Primitives } from "./primitives.ts";

/** Shorter runs are checked byte by byte sooner than a view of them is made. */
const minimumForPlatform = 32;

export class Utf8Validator {
  readonly #platform: Pick<Primitives, "isUtf8">;
  /** Continuation bytes still missing of the current character. */
  #missing = 0;
  /** Range of the next continuation byte; narrower only after E0, ED, F0 and F4. */
  #lowest = 0x80;
  #highest = 0xbf;

  /** The platform checks whole texts more than fifty times faster than they can be checked byte by byte. */
  constructor(platform: Pick<Primitives, "isUtf8">) {
    this.#platform = platform;
  }

  /** Whether the bytes so far end at a character border. */
  get isComplete(): boolean {
    return this.#missing === 0;
  }

  /** Reads on. Returns the index in `bytes` of the first bad byte, or -1. After a bad byte the state is undefined. */
  findInvalid(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    for (; at < end && this.#missing > 0; at += 1) if (!this.#readByte(bytes[at]!)) return at;
    const border = findLastBorder(bytes, at, end);
    if (border - at >= minimumForPlatform && this.#platform.isUtf8(bytes.subarray(at, border))) at = border;
    for (; at < end; at += 1) if (!this.#readByte(bytes[at]!)) return at;
    return -1;
  }

  #readByte(byte: number): boolean {
    if (this.#missing === 0) return byte < 0x80 || this.#startCharacter(byte);
    if (byte < this.#lowest || byte > this.#highest) return false;
    this.#missing -= 1;
    this.#lowest = 0x80;
    this.#highest = 0xbf;
    return true;
  }

  #startCharacter(byte: number): boolean {
    if (byte < 0xc2 || byte > 0xf4) return false;
    this.#missing = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    if (byte === 0xe0) this.#lowest = 0xa0;
    else if (byte === 0xed) this.#highest = 0x9f;
    else if (byte === 0xf0) this.#lowest = 0x90;
    else if (byte === 0xf4) this.#highest = 0x8f;
    return true;
  }
}

/** Where the last character of `bytes[start, end)` begins if it is unfinished, else the end. */
function findLastBorder(bytes: Uint8Array, start: number, end: number): number {
  for (let back = 1; back <= 3 && end - back >= start; back += 1) {
    const byte = bytes[end - back]!;
    if (byte < 0x80) return end;
    if (byte < 0xc0) continue;
    const length = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    return length > back ? end - back : end;
  }
  return end;
}

/** Index of the first byte that breaks UTF-8; the length if the text ends inside a character; -1 if it is valid. */
export function findInvalidUtf8(bytes: Uint8Array): number {
  // Called for broken texts, which the platform has refused already.
  const validator = new Utf8Validator({ isUtf8: () => false });
  const invalid = validator.findInvalid(bytes, 0, bytes.length);
  if (invalid >= 0) return invalid;
  return validator.isComplete ? -1 : bytes.length;
}
