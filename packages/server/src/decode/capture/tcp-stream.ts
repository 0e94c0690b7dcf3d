/**
 * One direction of a TCP connection put back together: segments in the order of the capture in, the bytes that the receiver's
 * application got out. Takes what networks do: other orders, segments sent again, overlaps, numbers that wrap.
 */
import type { TcpSegment } from "./tcp-segment.ts";

export interface ReassembledStream {
  readonly bytes: Uint8Array;
  /** Whether the beginning is in the capture. */
  readonly hasStart: boolean;
  /** Bytes that the capture misses, where `bytes` ends for that reason. */
  readonly missingBytes: number;
  /** When the byte at an offset came, in milliseconds since 1970. */
  readonly timeOf: (offset: number) => number | undefined;
}

interface Piece {
  /** Of its first byte in the stream; relative to the first segment until the beginning is known. */
  readonly position: number;
  readonly payload: Uint8Array;
  readonly timeMs: number | undefined;
}

export class TcpStream {
  readonly #pieces: Piece[] = [];
  #anchor: { readonly sequence: number; readonly position: number } | undefined;
  /** Position of the first byte behind the SYN. */
  #start: number | undefined;

  /** Takes a segment of this direction. */
  add({ sequence, isSyn, payload, timeMs }: TcpSegment): void {
    const position = this.#locate(sequence);
    // The SYN takes a number of its own.
    if (isSyn) this.#start = position + 1;
    if (payload.length > 0) this.#pieces.push({ position: isSyn ? position + 1 : position, payload, timeMs });
  }

  get hasData(): boolean {
    return this.#pieces.length > 0;
  }

  reassemble(): ReassembledStream {
    const pieces = this.#pieces.toSorted((a, b) => a.position - b.position);
    const start = this.#start ?? pieces[0]?.position ?? 0;
    const parts: Uint8Array[] = [];
    const times: { readonly offset: number; readonly timeMs: number | undefined }[] = [];
    let end = 0;
    let missingBytes = 0;
    for (const { position, payload, timeMs } of pieces) {
      const offset = position - start;
      if (offset > end) {
        missingBytes = offset - end;
        break;
      }
      // What came first counts, as it does for receivers; the rest of an overlap is new.
      const fresh = payload.subarray(end - offset);
      if (fresh.length === 0) continue;
      parts.push(fresh);
      times.push({ offset: end, timeMs });
      end += fresh.length;
    }
    return {
      bytes: Buffer.concat(parts),
      hasStart: this.#start !== undefined,
      missingBytes,
      timeOf: (offset) => times.findLast((time) => time.offset <= offset)?.timeMs,
    };
  }

  /** Numbers have 32 bits and wrap: a segment is near the one before it. */
  #locate(sequence: number): number {
    const before = this.#anchor ?? { sequence, position: 0 };
    const position = before.position + ((sequence - before.sequence) | 0);
    this.#anchor = { sequence, position };
    return position;
  }
}
