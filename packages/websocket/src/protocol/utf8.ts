/**
 * Incremental UTF-8 validation that fails at the first byte that cannot be continued (RFC 3629, RFC 6455 §8.1):
 * overlong forms, surrogates, code points above U+10FFFF and stray continuation bytes are errors.
 */
export class Utf8Validator {
  /** Continuation bytes still missing of the current character. */
  #missing = 0;
  /** Range of the next continuation byte; narrower only after E0, ED, F0 and F4. */
  #lowest = 0x80;
  #highest = 0xbf;

  /** Whether the bytes so far end at a character border. */
  get isComplete(): boolean {
    return this.#missing === 0;
  }

  /** Reads on. Returns the index in `bytes` of the first bad byte, or -1. After a bad byte the state is undefined. */
  findInvalid(bytes: Uint8Array, start: number, end: number): number {
    for (let at = start; at < end; at += 1) {
      const byte = bytes[at]!;
      if (this.#missing > 0) {
        if (byte < this.#lowest || byte > this.#highest) return at;
        this.#missing -= 1;
        this.#lowest = 0x80;
        this.#highest = 0xbf;
      } else if (byte >= 0x80 && !this.#startCharacter(byte)) {
        return at;
      }
    }
    return -1;
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

/** Index of the first byte that breaks UTF-8; the length if the text ends inside a character; -1 if it is valid. */
export function findInvalidUtf8(bytes: Uint8Array): number {
  const validator = new Utf8Validator();
  const invalid = validator.findInvalid(bytes, 0, bytes.length);
  if (invalid >= 0) return invalid;
  return validator.isComplete ? -1 : bytes.length;
}
