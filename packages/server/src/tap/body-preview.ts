/** The start of bytes that are not followed any further: told once, when there is enough of it or no more comes. */
import { redactText } from "./secret-fields.ts";
import { decodeShown, shortenHex, shortenText } from "../cli/safe-text.ts";

const maxBytes = 512;
const maxCharacters = 400;

export class BodyPreview {
  #bytes = Buffer.alloc(0);
  #isTold = false;

  /** Takes the next bytes; the preview once it is full. */
  push(chunk: Uint8Array): string | undefined {
    if (this.#isTold) return undefined;
    this.#bytes = Buffer.concat([this.#bytes, chunk.subarray(0, maxBytes - this.#bytes.length)]);
    return this.#bytes.length < maxBytes ? undefined : this.end();
  }

  /** The preview of what there is, if it was not told yet. */
  end(): string | undefined {
    if (this.#isTold || this.#bytes.length === 0) return undefined;
    this.#isTold = true;
    const text = decodeShown(this.#bytes);
    return text === undefined
      ? shortenHex(this.#bytes, 48)
      : `"${shortenText(redactText(text), maxCharacters)}"`;
  }
}
