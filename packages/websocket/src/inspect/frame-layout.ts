/**
 * Where the parts of a frame lie (RFC 6455 §5.2), without any judgement: whatever the bits say is taken at its word, so
 * that frames no receiver would read can still be described.
 */

export interface FrameLayout {
  readonly start: number;
  /** The first two bytes; the second is `undefined` if it is not there. */
  readonly first: number;
  readonly second: number | undefined;
  /** Behind the extended length, or where it would end. */
  readonly lengthEnd: number;
  /** As declared; `undefined` if the length is not complete. Above 2^53 it is rounded. */
  readonly payloadLength: number | undefined;
  /** Behind the masking key, or where it would end. */
  readonly payloadStart: number;
  readonly maskingKey: Uint8Array | undefined;
  /** Behind the last byte of the frame that is there. */
  readonly end: number;
}

/** Lays out the frame that starts at `start`, where there is at least one byte. */
export function readFrameLayout(bytes: Uint8Array, start: number): FrameLayout {
  const first = bytes[start]!;
  const second = bytes[start + 1];
  if (second === undefined) {
    const end = start + 1;
    const nothing = { payloadLength: undefined, maskingKey: undefined };
    return { start, first, second, lengthEnd: end, payloadStart: end, end, ...nothing };
  }
  const shortLength = second & 0x7f;
  const lengthEnd = start + (shortLength < 126 ? 2 : shortLength === 126 ? 4 : 10);
  const payloadStart = lengthEnd + (second >= 0x80 ? 4 : 0);
  const payloadLength = shortLength < 126 ? shortLength : readBigEndian(bytes, start + 2, lengthEnd);
  const hasHeader = bytes.length >= payloadStart && payloadLength !== undefined;
  const end = Math.min(bytes.length, hasHeader ? payloadStart + payloadLength : payloadStart);
  const maskingKey = hasHeader && second >= 0x80 ? bytes.slice(lengthEnd, payloadStart) : undefined;
  return { start, first, second, lengthEnd, payloadLength, payloadStart, maskingKey, end };
}

/** Bytes that the frame promises beyond those that are there; `undefined` if its header is not complete. */
export function countMissingBytes(layout: FrameLayout, totalBytes: number): number | undefined {
  const { second, payloadLength, payloadStart } = layout;
  if (second === undefined || payloadLength === undefined || totalBytes < payloadStart) return undefined;
  return Math.max(0, payloadStart + payloadLength - totalBytes);
}

/** `undefined` if the bytes end before `end`. */
export function readBigEndian(bytes: Uint8Array, start: number, end: number): number | undefined {
  if (end > bytes.length) return undefined;
  let value = 0;
  for (let at = start; at < end; at += 1) value = value * 256 + bytes[at]!;
  return value;
}
