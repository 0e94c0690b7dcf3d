/** The TCP segment inside a captured packet: IPv4 or IPv6, bare or behind an Ethernet header. */

export interface TcpSegment {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  readonly payload: Uint8Array;
}

const tcp = 6;
const ethernetHeaderBytes = 14;

/** `undefined` if the packet is not TCP, is a fragment, or was cut off by the capture. */
export function readTcpSegment(packet: Uint8Array): TcpSegment | undefined {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
  const etherType = packet.length > ethernetHeaderBytes ? view.getUint16(12) : 0;
  const isEthernet = etherType === 0x0800 || etherType === 0x86dd;
  const start = isEthernet ? ethernetHeaderBytes : 0;
  const segment = findIpPayload(view, start);
  if (segment === undefined) return undefined;
  const { from, to } = segment;
  if (to > packet.length || to - from < 20) return undefined;
  const headerBytes = (view.getUint8(from + 12) >> 4) * 4;
  if (headerBytes < 20 || from + headerBytes > to) return undefined;
  return {
    sourcePort: view.getUint16(from),
    destinationPort: view.getUint16(from + 2),
    sequence: view.getUint32(from + 4),
    payload: packet.slice(from + headerBytes, to),
  };
}

/** Padding behind the IP packet, which Ethernet adds to short ones, does not belong to it. */
function findIpPayload(view: DataView, start: number): { from: number; to: number } | undefined {
  const left = view.byteLength - start;
  const version = left > 0 ? view.getUint8(start) >> 4 : 0;
  if (version === 4 && left >= 20) {
    const isFragment = (view.getUint16(start + 6) & 0x3fff) !== 0;
    if (isFragment || view.getUint8(start + 9) !== tcp) return undefined;
    return { from: start + (view.getUint8(start) & 0x0f) * 4, to: start + view.getUint16(start + 2) };
  }
  if (version === 6 && left >= 40 && view.getUint8(start + 6) === tcp) {
    return { from: start + 40, to: start + 40 + view.getUint16(start + 4) };
  }
  return undefined;
}
