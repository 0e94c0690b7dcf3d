import type { Primitives } from "./primitives.ts";

/**
 * The payload of a message that arrives in several pieces. Grows with the bytes received, never with a length that a
 * header declares: 14 bytes of header can claim gigabytes.
 */
export class MessageBuffer {
  readonly #primitives: Primitives;
  #bytes: Uint8Array;
  #length = 0;

  constructor(primitives: Primitives, initialBytes: number) {
    this.#primitives = primitives;
    this.#bytes = primitives.allocate(initialBytes);
  }

  get length(): number {
    return this.#length;
  }

  /** Appends a copy. `maxLength` is what the payload will have at most: no more than that is set aside. */
  append(source: Uint8Array, start: number, end: number, maxLength: number): void {
    const needed = this.#length + end - start;
    if (needed > this.#bytes.length) {
      const doubled = Math.min(this.#bytes.length * 2, maxLength);
      const grown = this.#primitives.allocate(Math.max(needed, doubled));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    this.#bytes.set(source.subarray(start, end), this.#length);
    this.#length = needed;
  }

  /** The payload so far; a view that the next append may leave behind. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}
