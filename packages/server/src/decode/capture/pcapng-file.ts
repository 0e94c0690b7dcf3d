/**
 * Reads pcapng, the format of Wireshark and of `antiphon tap --save`: blocks, of which only those that describe sections,
 * interfaces and packets matter here. A block that the file ends in is left out, as a capture that was interrupted has one.
 */
import { toolFailures } from "../../failures/tool-failures.ts";
import { type CapturedPacket, type CaptureRead, maxPackets } from "./captured-packet.ts";

const blocks = { section: 0x0a0d0d0a, interface: 1, oldPacket: 2, simplePacket: 3, packet: 6 } as const;
const byteOrderMagic = 0x1a2b3c4d;
const resolutionOption = 9;
const blockFrameBytes = 12;

interface Interface {
  readonly linkType: number;
  readonly unitsPerMs: number;
}

/** Whether the bytes begin like a pcapng file. */
export function isPcapng(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && viewOf(bytes).getUint32(0) === blocks.section;
}

export function readPcapng(bytes: Uint8Array): CaptureRead {
  const view = viewOf(bytes);
  const packets: CapturedPacket[] = [];
  let interfaces: Interface[] = [];
  let isLittleEndian = true;
  for (let at = 0; at + blockFrameBytes <= bytes.length && packets.length < maxPackets; ) {
    // The section's type reads the same in both byte orders, and its magic tells which one holds from here.
    const isSection = view.getUint32(at) === blocks.section;
    if (isSection) {
      isLittleEndian = view.getUint32(at + 8, true) === byteOrderMagic;
      if (view.getUint32(at + 8, isLittleEndian) !== byteOrderMagic)
        return refuse("its byte order is unknown");
      interfaces = [];
    }
    const type = view.getUint32(at, isLittleEndian);
    const length = view.getUint32(at + 4, isLittleEndian);
    if (length < blockFrameBytes || length % 4 !== 0) {
      return refuse(`the block at byte ${at} has the length ${length}`);
    }
    if (at + length > bytes.length) break;
    const body = bytes.subarray(at + 8, at + length - 4);
    if (type === blocks.interface) interfaces.push(readInterface(body, isLittleEndian));
    const packet = readPacket(type, body, interfaces, isLittleEndian);
    if (packet) packets.push(packet);
    at += length;
  }
  return { ok: true, packets };
}

function readInterface(body: Uint8Array, isLittleEndian: boolean): Interface {
  if (body.length < 8) return { linkType: -1, unitsPerMs: 1000 };
  const view = viewOf(body);
  let unitsPerMs = 1000;
  for (let at = 8; at + 4 <= body.length; ) {
    const option = view.getUint16(at, isLittleEndian);
    const length = view.getUint16(at + 2, isLittleEndian);
    const resolution = body[at + 4];
    if (option === resolutionOption && length === 1 && resolution !== undefined) {
      // The top bit says that the exponent is of two instead of ten.
      unitsPerMs = (resolution & 0x80 ? 2 ** (resolution & 0x7f) : 10 ** resolution) / 1000;
    }
    at += 4 + Math.ceil(length / 4) * 4;
  }
  return { linkType: view.getUint16(0, isLittleEndian), unitsPerMs };
}

function readPacket(
  type: number,
  body: Uint8Array,
  interfaces: readonly Interface[],
  isLittleEndian: boolean,
): CapturedPacket | undefined {
  const view = viewOf(body);
  if (type === blocks.simplePacket && body.length >= 4) {
    const { linkType = -1 } = interfaces[0] ?? {};
    const length = Math.min(view.getUint32(0, isLittleEndian), body.length - 4);
    return { timeMs: undefined, linkType, bytes: body.subarray(4, 4 + length) };
  }
  if ((type !== blocks.packet && type !== blocks.oldPacket) || body.length < 20) return undefined;
  const index =
    type === blocks.packet ? view.getUint32(0, isLittleEndian) : view.getUint16(0, isLittleEndian);
  const { linkType = -1, unitsPerMs = 1000 } = interfaces[index] ?? {};
  const time = view.getUint32(4, isLittleEndian) * 2 ** 32 + view.getUint32(8, isLittleEndian);
  const length = Math.min(view.getUint32(12, isLittleEndian), body.length - 20);
  return { timeMs: time / unitsPerMs, linkType, bytes: body.subarray(20, 20 + length) };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function refuse(problem: string): CaptureRead {
  return { ok: false, failure: toolFailures.create("capture-invalid", { format: "pcapng", problem }) };
}
