/**
 * Frames as a peer would send them, right or wrong, built without the code under test; and random streams of them for
 * property tests.
 */
import * as fc from "fast-check";
import type { Role } from "../../packages/websocket/src/protocol/opcodes.ts";

/** What the frame should say; nothing is checked. */
export interface PeerFrame {
  readonly fin: boolean;
  /** RSV1 is 4, RSV2 is 2, RSV3 is 1. */
  readonly rsv?: number;
  readonly opcode: number;
  readonly payload: Uint8Array;
  /** A mask where there must be none, or none where there must be one. */
  readonly wrongMask?: boolean;
  readonly key?: number;
}

/** The bytes of a frame on its way to `receiver`. */
export function buildPeerFrame(receiver: Role, frame: PeerFrame): Buffer {
  const { fin, rsv = 0, opcode, payload, wrongMask = false, key = 0x37fa213d } = frame;
  const masked = (receiver === "server") !== wrongMask;
  const maskBit = masked ? 0x80 : 0;
  const { length } = payload;
  const firstByte = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  let header: Buffer;
  if (length < 126) {
    header = Buffer.from([firstByte, maskBit | length]);
  } else if (length < 65_536) {
    header = Buffer.from([firstByte, maskBit | 126, length >> 8, length & 0xff]);
  } else {
    header = Buffer.alloc(10);
    header[0] = firstByte;
    header[1] = maskBit | 127;
    header.writeBigUInt64BE(BigInt(length), 2);
  }
  if (!masked) return Buffer.concat([header, payload]);
  const keyBytes = Buffer.alloc(4);
  keyBytes.writeUInt32BE(key);
  return Buffer.concat([header, keyBytes, payload.map((byte, at) => byte ^ keyBytes[at & 3]!)]);
}

const key = fc.integer({ min: 0, max: 0xffffffff });
const controlPayload = fc.uint8Array({ maxLength: 125 });
const text = fc.string({ unit: "grapheme", maxLength: 60 }).map((value) => Buffer.from(value));
const binary = fc.oneof(
  { weight: 5, arbitrary: fc.uint8Array({ maxLength: 100 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(125, 126, 127, 65_535, 65_536).map((size) => new Uint8Array(size)),
  },
);
const closePayload = fc.oneof(
  fc.constant(Buffer.alloc(0)),
  fc
    .tuple(
      fc.constantFrom(1000, 1001, 1005, 1011, 1014, 1016, 3000, 4999, 5000),
      fc.string({ unit: "grapheme", maxLength: 8 }),
    )
    .map(([code, reason]) => Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)])),
  fc.uint8Array({ maxLength: 4 }),
);

const controlFrame = fc.oneof(
  { weight: 4, arbitrary: fc.record({ opcode: fc.constantFrom(9, 10), payload: controlPayload }) },
  { weight: 1, arbitrary: fc.record({ opcode: fc.constant(8), payload: closePayload }) },
);

/** A whole message in one to five frames, with control frames between them now and then. */
const message = fc
  .tuple(
    fc.oneof(
      fc.record({ opcode: fc.constant(1), payload: text }),
      fc.record({ opcode: fc.constant(2), payload: binary }),
    ),
    fc.array(fc.nat(), { maxLength: 4 }),
    fc.option(controlFrame, { freq: 3 }),
  )
  .map(([{ opcode, payload }, cuts, between]) => {
    const borders = [
      0,
      ...cuts.map((cut) => cut % (payload.length + 1)).sort((a, b) => a - b),
      payload.length,
    ];
    const frames: Omit<PeerFrame, "key">[] = [];
    for (let at = 1; at < borders.length; at += 1) {
      const fin = at === borders.length - 1;
      const part = payload.subarray(borders[at - 1], borders[at]);
      frames.push({ fin, opcode: at === 1 ? opcode : 0, payload: part });
      if (at === 1 && between) frames.push({ fin: true, ...between });
    }
    return frames;
  });

const faultyFrame = fc.record({
  fin: fc.boolean(),
  rsv: fc.nat(7),
  opcode: fc.nat(15),
  payload: fc.uint8Array({ maxLength: 130 }),
  wrongMask: fc.boolean(),
});

/** Frames of which most are in order, so that a stream gets somewhere before it fails, if it does. */
export const peerFrames: fc.Arbitrary<PeerFrame[]> = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: message },
      { weight: 3, arbitrary: controlFrame.map((frame) => [{ fin: true, ...frame }]) },
      { weight: 1, arbitrary: faultyFrame.map((frame) => [frame]) },
    ),
    { maxLength: 8 },
  )
  .chain((groups) => {
    const frames = groups.flat();
    return fc
      .array(key, { minLength: frames.length, maxLength: frames.length })
      .map((keys) => frames.map((frame, at) => ({ ...frame, key: keys[at]! })));
  });
