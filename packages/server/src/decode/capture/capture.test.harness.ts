/** Packets and capture files for tests: TCP over IPv4 or IPv6 behind several link layers, in pcap and pcapng. */

export interface TestSegment {
  readonly from: "client" | "server";
  /** Relative to where the side begins. */
  readonly at: number;
  readonly payload?: Uint8Array | string;
  readonly flags?: string;
}

const flagBits: Readonly<Record<string, number>> = { F: 1, S: 2, R: 4, P: 8, A: 16 };

export interface TestEnds {
  readonly clientPort?: number;
  readonly firstSequence?: number;
}

/** An IPv4 packet from 10.0.0.1 to 10.0.0.2 port 80, or back. */
export function createIPv4Packet(segment: TestSegment, ends: TestEnds = {}): Buffer {
  const tcp = createTcpPacket(segment, ends);
  const ip = Buffer.alloc(20);
  ip[0] = 0x45;
  ip.writeUInt16BE(20 + tcp.length, 2);
  ip[8] = 64;
  ip[9] = 6;
  const [source, destination] = segment.from === "client" ? [1, 2] : [2, 1];
  ip.set([10, 0, 0, source], 12);
  ip.set([10, 0, 0, destination], 16);
  return Buffer.concat([ip, tcp]);
}

/** An IPv6 packet with a hop-by-hop header in front of TCP, from 2001:db8::1 to 2001:db8::2. */
export function createIPv6Packet(segment: TestSegment, ends: TestEnds = {}): Buffer {
  const tcp = createTcpPacket(segment, ends);
  const ip = Buffer.alloc(48);
  ip[0] = 0x60;
  ip.writeUInt16BE(8 + tcp.length, 4);
  ip[6] = 0;
  ip[40] = 6;
  const prefix = [0x20, 0x01, 0x0d, 0xb8];
  const [source, destination] = segment.from === "client" ? [1, 2] : [2, 1];
  ip.set(prefix, 8);
  ip[23] = source;
  ip.set(prefix, 24);
  ip[39] = destination;
  return Buffer.concat([ip, tcp]);
}

function createTcpPacket({ from, at, payload = "", flags = "A" }: TestSegment, ends: TestEnds): Buffer {
  const { clientPort = 5000, firstSequence = 1000 } = ends;
  const tcp = Buffer.alloc(20);
  const [source, destination] = from === "client" ? [clientPort, 80] : [80, clientPort];
  tcp.writeUInt16BE(source, 0);
  tcp.writeUInt16BE(destination, 2);
  tcp.writeUInt32BE((firstSequence + at) >>> 0, 4);
  tcp[12] = 0x50;
  tcp[13] = Array.from(flags, (flag) => flagBits[flag] ?? 0).reduce((sum, bit) => sum | bit, 0);
  return Buffer.concat([tcp, Buffer.from(payload)]);
}

/** In front of IP, for the link types of the registry. */
export const linkHeaders: Readonly<Record<number, Buffer>> = {
  0: Buffer.from("02000000", "hex"),
  1: Buffer.from("aabbccddeeff 1122334455660800".replaceAll(" ", ""), "hex"),
  101: Buffer.alloc(0),
  113: Buffer.from("0000 0304 0006 000000000000 0000 0800".replaceAll(" ", ""), "hex"),
  276: Buffer.from("0800 0000 00000001 0304 00 06 0000000000000000".replaceAll(" ", ""), "hex"),
};

/** A pcap file; packets are a second apart. */
export function createPcap(
  packets: readonly Uint8Array[],
  { linkType = 101, bigEndian = false }: { linkType?: number; bigEndian?: boolean } = {},
): Buffer {
  const head = Buffer.alloc(24);
  const write = (target: Buffer, value: number, at: number): void => {
    if (bigEndian) target.writeUInt32BE(value, at);
    else target.writeUInt32LE(value, at);
  };
  write(head, 0xa1b2c3d4, 0);
  write(head, 65_535, 16);
  write(head, linkType, 20);
  const records = packets.flatMap((packet, index) => {
    const record = Buffer.alloc(16);
    write(record, 100 + index, 0);
    write(record, 500_000, 4);
    write(record, packet.length, 8);
    write(record, packet.length, 12);
    return [record, packet];
  });
  return Buffer.concat([head, ...records]);
}
