/** Collects bytes until the head of an HTTP request is complete, or it is clear that it never will be. */

export type CollectedHead =
  | { readonly status: "need-more" }
  /** `rest` is what came behind the head; a view of the last chunk. */
  | { readonly status: "head"; readonly text: string; readonly rest: Uint8Array }
  /** Not HTTP, or too long: all that was collected. */
  | { readonly status: "foreign"; readonly bytes: Uint8Array };

const needMore: CollectedHead = { status: "need-more" };
const endOfHead = Buffer.from("\r\n\r\n");
/** Enough to tell every protocol that is known by its first bytes. */
const decidingBytes = 16;

export class HeadCollector {
  readonly #maxBytes: number;
  #bytes = Buffer.alloc(0);

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Everything collected so far. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Takes the next bytes, which are copied. After anything but `need-more` it must not be called again. */
  push(chunk: Uint8Array): CollectedHead {
    const before = this.#bytes.length;
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    const end = this.#bytes.indexOf(endOfHead, Math.max(0, before - endOfHead.length + 1));
    if (end >= 0 && startsRequest(this.#bytes)) {
      const length = end + endOfHead.length;
      return {
        status: "head",
        text: this.#bytes.toString("latin1", 0, length),
        rest: chunk.subarray(length - before),
      };
    }
    if (!startsRequest(this.#bytes) && this.#bytes.length >= decidingBytes) {
      return { status: "foreign", bytes: this.#bytes };
    }
    return this.#bytes.length > this.#maxBytes ? { status: "foreign", bytes: this.#bytes } : needMore;
  }
}

/** A method is a token; only letters are in use. */
function startsRequest(bytes: Uint8Array): boolean {
  const first = bytes[0];
  return first === undefined || (first >= 0x41 && first <= 0x5a) || (first >= 0x61 && first <= 0x7a);
}
