/**
 * Swoole's `pack` on this engine's terms: the same opcodes and flag numbers, so calls can be ported one by one, but flags
 * that build a frame which breaks its receiver, or the next frame, are refused.
 */
import { engineFailures } from "../failures/engine-failures.ts";
import { FailureError } from "../failures/failure.ts";
import { nodePrimitives } from "../node/primitives.ts";
import { opcodes } from "../protocol/opcodes.ts";
import { blameCaller } from "./caller-mistake.ts";
import { encodeFrame, toPayload } from "./encode-frame.ts";
import { type FrameSide, requireRole } from "./frame-side.ts";

/** Flags of {@link pack}, with Swoole's numbers. They are not the bits on the wire. */
export const frameFlags = {
  /** The last frame of its message; almost always wanted. */
  fin: 1,
  /** Compress the payload here. Implies RSV1; only where the handshake agreed on permessage-deflate. */
  compress: 2,
  /** The payload is compressed already; only on the first frame of a message. */
  rsv1: 4,
  /** Always refused: no extension owns it. */
  rsv2: 8,
  /** Always refused: no extension owns it. */
  rsv3: 16,
  /** Redundant for a client, refused for a server: masking follows from the role. */
  mask: 32,
} as const;

const allFlags = 63;

export type PackOptions = FrameSide & {
  /** Says that text or binary without FIN is meant: continuation frames, the last with FIN, must follow. */
  readonly fragment?: boolean;
  /** Window to compress with, 9–15, not more than the handshake agreed on. Default 15. */
  readonly windowBits?: number;
};

/**
 * Makes one frame from Swoole's arguments.
 *
 * The trap: flags 0 on text or binary gives FIN=0. That is legal, it opens a fragmented message, so the receiver waits
 * silently, and the *next* message is the one that fails (`frame-continuation-expected`). Here it needs `fragment`.
 * @throws FailureError `frame-pack-without-fin`, `frame-pack-flags-invalid`, `frame-pack-compressed-fragment`, and
 * everything that {@link encodeFrame} refuses.
 */
export function pack(
  payload: string | Uint8Array,
  opcode: number,
  flags: number,
  options: PackOptions,
): Uint8Array {
  requireRole(options.role);
  if (!Number.isInteger(flags) || flags < 0 || flags > allFlags) {
    throw new FailureError(engineFailures.create("frame-pack-flags-invalid", { flags: String(flags) }));
  }
  const { fragment = false, windowBits = 15, ...side } = options;
  const has = (flag: keyof typeof frameFlags): boolean => (flags & frameFlags[flag]) !== 0;
  const startsMessage = opcode === opcodes.text || opcode === opcodes.binary;
  if (startsMessage && !has("fin") && !fragment) {
    throw new FailureError(engineFailures.create("frame-pack-without-fin", { flags }));
  }
  if (has("mask") && side.role === "server") {
    throw blameCaller(engineFailures.create("frame-masked-from-server", { opcode }));
  }
  const compresses = has("compress") && startsMessage;
  if (compresses && !has("fin")) {
    throw new FailureError(engineFailures.create("frame-pack-compressed-fragment"));
  }
  return encodeFrame({
    // A rest of a union keeps no relation between its members; `side` is still the FrameSide that came in.
    ...(side as FrameSide),
    fin: has("fin"),
    rsv1: has("rsv1") || has("compress"),
    rsv2: has("rsv2"),
    rsv3: has("rsv3"),
    opcode,
    payload: compresses ? compress(toPayload(payload), windowBits) : payload,
  });
}

function compress(payload: Uint8Array, windowBits: number): Uint8Array {
  return nodePrimitives.deflate.deflate(payload, { windowBits, level: 3, memoryLevel: 5 });
}
