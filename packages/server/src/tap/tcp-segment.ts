/** IPv4 and TCP headers around bytes that some other TCP connection carried (RFC 791, RFC 9293), checksums included. */

export interface Endpoint {
  /** Four bytes. */
  readonly address: Uint8Array;
  readonly port: number;
}

export interface SegmentFields {
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly sequence: number;
  readonly acknowledgement: number;
  /** Bits of {@link tcpFlags}. */
  readonly flags: number;
  readonly payload: Uint8Array;
}

export const tcpFlags = { fin: 0x01, syn: 0x02, rst: 0x04, psh: 0x08, ack: 0x10 } as const;

const ipHeaderBytes = 20;
const tcpHeaderBytes = 20;
/** What the 16-bit total length of IPv4 leaves. */
export const maxSegmentPayload = 65_535 - ipHeaderBytes - tcpHeaderBytes;

/** In a SYN: the largest segment, and a window scale of 14, so that readers see no full window. */
const synOptions = Buffer.of(2, 4, maxSegmentPayload >> 8, maxSegmentPayload & 0xff, 1, 3, 3, 14);

/** Both headers; the payload follows them. */
export function createSegmentHeaders(fields: SegmentFields): Buffer {
  const { from, to, flags, payload } = fields;
  const tcpOptions = (flags & tcpFlags.syn) === 0 ? synOptions.subarray(0, 0) : synOptions;
  const tcpLength = tcpHeaderBytes + tcpOptions.length;
  const headers = Buffer.alloc(ipHeaderBytes + tcpLength);
  headers[0] = 0x45;
  headers.writeUInt16BE(ipHeaderBytes + tcpLength + payload.length, 2);
  // Don't fragment.
  headers[6] = 0x40;
  headers[8] = 64;
  headers[9] = 6;
  headers.set(from.address, 12);
  headers.set(to.address, 16);
  headers.writeUInt16BE(finishSum(addWords(0, headers.subarray(0, ipHeaderBytes))), 10);

  const tcp = headers.subarray(ipHeaderBytes);
  tcp.writeUInt16BE(from.port, 0);
  tcp.writeUInt16BE(to.port, 2);
  tcp.writeUInt32BE(fields.sequence, 4);
  tcp.writeUInt32BE(fields.acknowledgement, 8);
  tcp[12] = (tcpLength / 4) << 4;
  tcp[13] = flags;
  tcp.writeUInt16BE(0xffff, 14);
  tcp.set(tcpOptions, tcpHeaderBytes);
  let sum = addWords(0, headers.subarray(12, ipHeaderBytes)) + 6 + tcpLength + payload.length;
  sum = addWords(sum, tcp);
  tcp.writeUInt16BE(finishSum(addWords(sum, payload)), 16);
  return headers;
}

/** The sum of all 16-bit words; an odd last byte counts as the high one (RFC 1071). */
function addWords(start: number, bytes: Uint8Array): number {
  let sum = start;
  const even = bytes.length & ~1;
  // A segment has at most 2^15 words of 2^16, so the sum stays far below 2^53.
  for (let at = 0; at < even; at += 2) sum += (bytes[at]! << 8) | bytes[at + 1]!;
  return even < bytes.length ? sum + (bytes[even]! << 8) : sum;
}

function finishSum(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x1_0000);
  return ~folded & 0xffff;
}
