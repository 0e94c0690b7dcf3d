/**
 * Reads pcap, the classic format of tcpdump: a header of 24 bytes, then packets, in either byte order and with micro- or
 * nanoseconds. A packet that the file ends in is left out, as a capture that was interrupted has one.
 */
import { toolFailures } from "../../failures/tool-failures.ts";
import { type CapturedPacket, type CaptureRead, maxPackets } from "./captured-packet.ts";

const fileHeaderBytes = 24;
const recordHeaderBytes = 16;
/** Larger than any packet, and than what tcpdump keeps of one. */
const maxPacketBytes = 262_144;

interface Dialect {
  readonly isLittleEndian: boolean;
  /** Of the second part of a time, in a second. */
  readonly unitsPerSecond: number;
}

const dialects: ReadonlyMap<number, Dialect> = new Map([
  [0xd4c3b2a1, { isLittleEndian: true, unitsPerSecond: 1e6 }],
  [0xa1b2c3d4, { isLittleEndian: false, unitsPerSecond: 1e6 }],
  [0x4d3cb2a1, { isLittleEndian: true, unitsPerSecond: 1e9 }],
  [0xa1b23c4d, { isLittleEndian: false, unitsPerSecond: 1e9 }],
]);

/** Whether the bytes begin like a pcap file. */
export function isPcap(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && dialects.has(viewOf(bytes).getUint32(0));
}

export function readPcap(bytes: Uint8Array): CaptureRead {
  const view = viewOf(bytes);
  const dialect = dialects.get(bytes.length >= 4 ? view.getUint32(0) : 0);
  if (dialect === undefined || bytes.length < fileHeaderBytes) return refuse("its header is not complete");
  const { isLittleEndian, unitsPerSecond } = dialect;
  // The upper bits say how long checksums of the link are.
  const linkType = view.getUint32(20, isLittleEndian) & 0x0fff_ffff;
  const packets: CapturedPacket[] = [];
  for (let at = fileHeaderBytes; at + recordHeaderBytes <= bytes.length && packets.length < maxPackets; ) {
    const seconds = view.getUint32(at, isLittleEndian);
    const units = view.getUint32(at + 4, isLittleEndian);
    const length = view.getUint32(at + 8, isLittleEndian);
    if (length > maxPacketBytes) return refuse(`the packet at byte ${at} has ${length} bytes`);
    const start = at + recordHeaderBytes;
    if (start + length > bytes.length) break;
    const timeMs = seconds * 1000 + (units * 1000) / unitsPerSecond;
    packets.push({ timeMs, linkType, bytes: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return { ok: true, packets };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function refuse(problem: string): CaptureRead {
  return { ok: false, failure: toolFailures.create("capture-invalid", { format: "pcap", problem }) };
}
