/** The three blocks of a pcapng file that a capture of raw IP packets needs (pcapng draft §4.1–4.3), little-endian. */

/** Packets begin with the IP header. */
const linkTypeRaw = 101;
const microsecondResolution = 6;

const options = {
  end: 0,
  comment: 1,
  hardware: 2,
  system: 3,
  application: 4,
  interfaceName: 2,
  resolution: 9,
} as const;

/** The block that a file begins with. */
export function createSectionHeader(application: string): Buffer {
  const body = Buffer.alloc(16);
  body.writeUInt32LE(0x1a2b3c4d, 0);
  body.writeUInt16LE(1, 4);
  // -1: the length of the section is not known while it is written.
  body.writeBigInt64LE(-1n, 8);
  return createBlock(0x0a0d0d0a, [
    body,
    createOption(options.application, Buffer.from(application)),
    endOfOptions,
  ]);
}

/** The block that says what packets look like. */
export function createInterfaceDescription(name: string): Buffer {
  const body = Buffer.alloc(8);
  body.writeUInt16LE(linkTypeRaw, 0);
  // Snapshot length 0: packets are never cut.
  return createBlock(1, [
    body,
    createOption(options.interfaceName, Buffer.from(name)),
    createOption(options.resolution, Buffer.of(microsecondResolution)),
    endOfOptions,
  ]);
}

/** One packet; the time in microseconds since 1970. */
export function createPacketBlock(timeUs: bigint, packet: readonly Uint8Array[], comment?: string): Buffer {
  const length = packet.reduce((sum, part) => sum + part.length, 0);
  const body = Buffer.alloc(20);
  body.writeUInt32LE(0, 0);
  body.writeUInt32LE(Number(timeUs >> 32n), 4);
  body.writeUInt32LE(Number(timeUs & 0xffff_ffffn), 8);
  body.writeUInt32LE(length, 12);
  body.writeUInt32LE(length, 16);
  const trailer =
    comment === undefined ? [] : [createOption(options.comment, Buffer.from(comment)), endOfOptions];
  return createBlock(6, [body, ...packet, padding(length), ...trailer]);
}

const endOfOptions = Buffer.alloc(4);

function createOption(code: number, value: Uint8Array): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(code, 0);
  head.writeUInt16LE(value.length, 2);
  return Buffer.concat([head, value, padding(value.length)]);
}

function createBlock(type: number, parts: readonly Uint8Array[]): Buffer {
  const total = 12 + parts.reduce((sum, part) => sum + part.length, 0);
  const head = Buffer.alloc(8);
  head.writeUInt32LE(type, 0);
  head.writeUInt32LE(total, 4);
  const tail = Buffer.alloc(4);
  tail.writeUInt32LE(total, 0);
  return Buffer.concat([head, ...parts, tail]);
}

/** Everything in a block begins at a multiple of four. */
function padding(length: number): Uint8Array {
  return endOfOptions.subarray(0, (4 - (length % 4)) % 4);
}
