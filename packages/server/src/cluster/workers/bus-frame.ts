/**
 * Frames of the bus between the processes of one server: a length, a kind, and a payload. Bytes of a stream in, whole frames
 * out; the other way round for the outbox. A frame can be passed on as it came, without looking inside.
 */
import type { Publication } from "../cluster-adapter.ts";
import { encodePublication } from "../publication-encoding.ts";

/** A JSON message, or a publication in the form of `publication-encoding.ts`. */
export const frameKinds = { message: 1, publication: 2 } as const;

export interface BusFrame {
  readonly kind: number;
  readonly payload: Buffer;
  /** The whole frame, to pass on. */
  readonly bytes: Buffer;
}

/** Kind and length before the payload. */
export const headerBytes = 5;

/** What no sender makes: an event is bounded by the body of the request that published it. */
export const maxFrameBytes = 64 * 1024 * 1024;

/** Writes the header of a frame whose payload fills the rest of the buffer. */
export function writeHeader(frame: Buffer, kind: number): Buffer {
  frame.writeUInt32BE(frame.length - headerBytes, 0);
  frame[4] = kind;
  return frame;
}

/** The frame of a publication; `undefined` for one with a name that is too long, which no checked name is. */
export function encodePublicationFrame(publication: Publication): Buffer | undefined {
  const frame = encodePublication(publication, headerBytes);
  return frame && writeHeader(frame, frameKinds.publication);
}

/** Takes a stream of bytes apart. */
export class BusFrameReader {
  #chunks: Buffer[] = [];
  #bytes = 0;

  /** The frames that are complete with this chunk; `undefined` if the stream cannot be a bus. */
  read(chunk: Buffer): BusFrame[] | undefined {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    const frames: BusFrame[] = [];
    while (this.#bytes >= headerBytes) {
      let head = this.#chunks[0] ?? chunk;
      if (head.length < headerBytes) head = this.#join();
      const length = headerBytes + head.readUInt32BE(0);
      if (length > maxFrameBytes) return undefined;
      if (this.#bytes < length) break;
      if (head.length < length) head = this.#join();
      const bytes = head.subarray(0, length);
      frames.push({ kind: bytes[4] ?? 0, payload: bytes.subarray(headerBytes), bytes });
      this.#bytes -= length;
      if (head.length === length) this.#chunks.shift();
      else this.#chunks[0] = head.subarray(length);
    }
    return frames;
  }

  #join(): Buffer {
    const joined = Buffer.concat(this.#chunks, this.#bytes);
    this.#chunks = [joined];
    return joined;
  }
}
