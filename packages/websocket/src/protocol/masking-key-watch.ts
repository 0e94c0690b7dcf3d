/**
 * Masking keys that were not drawn at random (RFC 6455 §5.3, §10.3). No receiver can prove it from one frame, but equal
 * keys in a row are no chance any more. For the message reader of a server.
 */
import { readMaskingKey } from "./mask.ts";

/** Equal keys in a row that count as predictable. */
export const predictableKeyRun = 3;

export class MaskingKeyWatch {
  #lastKey = 0;
  #run = 0;
  #isSaid = false;

  /** Notes the key of the next frame. True once in the life of a connection: when the run is complete. */
  note(key: Uint8Array): boolean {
    return this.noteNumber(readMaskingKey(key, 0));
  }

  /** As `note`, for a key as a number. */
  noteNumber(key: number): boolean {
    if (this.#isSaid) return false;
    this.#run = key === this.#lastKey ? this.#run + 1 : 1;
    this.#lastKey = key;
    this.#isSaid = this.#run === predictableKeyRun;
    return this.#isSaid;
  }
}
