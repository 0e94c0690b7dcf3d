/**
 * Masking keys that were not drawn at random (RFC 6455 §5.3, §10.3). No receiver can prove it from one frame, but equal
 * keys in a row are no chance any more. For the message reader of a server.
 */

/** Equal keys in a row that count as predictable. */
export const predictableKeyRun = 3;

export class MaskingKeyWatch {
  #lastKey = 0;
  #run = 0;
  #isSaid = false;

  /** Notes the key of the next frame. True once in the life of a connection: when the run is complete. */
  note(key: Uint8Array): boolean {
    if (this.#isSaid) return false;
    const word = (key[0]! << 24) | (key[1]! << 16) | (key[2]! << 8) | key[3]!;
    this.#run = word === this.#lastKey ? this.#run + 1 : 1;
    this.#lastKey = word;
    this.#isSaid = this.#run === predictableKeyRun;
    return this.#isSaid;
  }
}
