/**
 * The TCP segment inside a captured packet: IPv4 or IPv6 behind the link layers that captures of today have. Packets that are
 * something else, or are fragments, give `undefined`.
 */
import type { CapturedPacket } from "./captured-packet.ts";

export interface TcpSegment {
  /** Address and port, as one text. */
  readonly source: string;
  readonly destination: string;
  readonly sequence: number;
  readonly isSyn: boolean;
  readonly isAck: boolean;
  readonly isFin: boolean;
  readonly isReset: boolean;
  /** What the capture kept of it. */
  readonly payload: Uint8Array;
  readonly timeMs: number | undefined;
}

const tcp = 6;
/** Header bytes in front of the IP packet, by link type. */
const linkHeaderBytes: ReadonlyMap<number, number> = new Map([
  // The loopback of BSD and macOS.
  [0, 4],
  [108, 4],
  [12, 0],
  [14, 0],
  [101, 0],
  [228, 0],
  [229, 0],
  // "any" of Linux, two versions.
  [113, 16],
  [276, 20],
]);
const ethernet = 1;
const ethernetHeaderBytes = 14;
const vlanTypes: ReadonlySet<number> = new Set([0x8100, 0x88a8, 0x9100]);
/** Headers of IPv6 that may stand in front of TCP: hop-by-hop, routing, destination options. */
const extensionHeaders: ReadonlySet<number> = new Set([0, 43, 60]);

interface IpPacket {
  readonly source: string;
  readonly destination: string;
  readonly from: number;
  readonly to: number;
}

export function readTcpSegment({ bytes, linkType, timeMs }: CapturedPacket): TcpSegment | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const start = findIpHeader(view, linkType);
  const ip = start === undefined ? undefined : readIpPacket(view, start);
  if (ip === undefined || ip.to - ip.from < 20) return undefined;
  const { from, to } = ip;
  const headerBytes = (view.getUint8(from + 12) >> 4) * 4;
  if (headerBytes < 20 || from + headerBytes > to) return undefined;
  const flags = view.getUint8(from + 13);
  return {
    source: `${ip.source}:${view.getUint16(from)}`,
    destination: `${ip.destination}:${view.getUint16(from + 2)}`,
    sequence: view.getUint32(from + 4),
    isFin: (flags & 0x01) !== 0,
    isSyn: (flags & 0x02) !== 0,
    isReset: (flags & 0x04) !== 0,
    isAck: (flags & 0x10) !== 0,
    payload: bytes.subarray(from + headerBytes, to),
    timeMs,
  };
}

function findIpHeader(view: DataView, linkType: CapturedPacket["linkType"]): number | undefined {
  if (linkType === "guess") return isWholeIpPacket(view) ? 0 : findBehindEthernet(view);
  return linkType === ethernet ? findBehindEthernet(view) : linkHeaderBytes.get(linkType);
}

/** tcpdump -x prints packets from the IP header on, -xx with the link in front of it. */
function isWholeIpPacket(view: DataView): boolean {
  if (view.byteLength < 20) return false;
  const version = view.getUint8(0) >> 4;
  if (version === 4) return view.getUint16(2) === view.byteLength;
  return version === 6 && view.byteLength >= 40 && view.getUint16(4) + 40 === view.byteLength;
}

function findBehindEthernet(view: DataView): number | undefined {
  let start = ethernetHeaderBytes;
  while (view.byteLength >= start + 4 && vlanTypes.has(view.getUint16(start - 2))) start += 4;
  if (view.byteLength < start) return undefined;
  const type = view.getUint16(start - 2);
  return type === 0x0800 || type === 0x86dd ? start : undefined;
}

/** Padding behind the packet, which Ethernet adds to short ones, does not belong to it. */
function readIpPacket(view: DataView, start: number): IpPacket | undefined {
  const left = view.byteLength - start;
  const version = left > 0 ? view.getUint8(start) >> 4 : 0;
  if (version === 4 && left >= 20) {
    const isFragment = (view.getUint16(start + 6) & 0x3fff) !== 0;
    if (isFragment || view.getUint8(start + 9) !== tcp) return undefined;
    // A packet that the card is to cut into pieces may be captured without a length.
    const length = view.getUint16(start + 2) || left;
    return {
      source: formatIPv4(view, start + 12),
      destination: formatIPv4(view, start + 16),
      from: start + (view.getUint8(start) & 0x0f) * 4,
      to: start + Math.min(length, left),
    };
  }
  return version === 6 && left >= 40 ? readIPv6(view, start, left) : undefined;
}

function readIPv6(view: DataView, start: number, left: number): IpPacket | undefined {
  let next = view.getUint8(start + 6);
  let from = start + 40;
  while (extensionHeaders.has(next)) {
    if (from + 8 > view.byteLength) return undefined;
    next = view.getUint8(from);
    from += (view.getUint8(from + 1) + 1) * 8;
  }
  if (next !== tcp) return undefined;
  const length = view.getUint16(start + 4);
  return {
    source: formatIPv6(view, start + 8),
    destination: formatIPv6(view, start + 24),
    from,
    to: start + (length === 0 ? left : Math.min(40 + length, left)),
  };
}

function formatIPv4(view: DataView, at: number): string {
  return [0, 1, 2, 3].map((index) => view.getUint8(at + index)).join(".");
}

/** One run of zeros is cut out, the longest and first, as RFC 5952 wants. */
function formatIPv6(view: DataView, at: number): string {
  const groups = Array.from({ length: 8 }, (_, index) => view.getUint16(at + index * 2).toString(16));
  const text = `:${groups.join(":")}:`;
  const longest = (text.match(/:(?:0:){2,}/g) ?? []).toSorted((a, b) => b.length - a.length)[0];
  const short = longest === undefined ? text : text.replace(longest, "::");
  // The colons that were added at the ends go, unless the run is there.
  return `[${short.replace(/^:(?!:)/, "").replace(/(?<!:):$/, "")}]`;
}
