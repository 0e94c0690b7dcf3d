/**
 * Any single frame that RFC 6455 allows, from its fields. What it refuses is decided by the engine's own header parser:
 * the frame is judged as the peer would judge it, before a byte of it leaves.
 */
import { engineFailures } from "../failures/engine-failures.ts";
import type { Failure } from "../failures/failure.ts";
import { nodePrimitives } from "../node/primitives.ts";
import { FrameHeader } from "../protocol/frame-header.ts";
import { encodeFrame as writeFrame } from "../protocol/frame-writer.ts";
import { type Opcode, opcodes } from "../protocol/opcodes.ts";
import { findInvalidUtf8 } from "../protocol/utf8.ts";
import { blameCaller } from "./caller-mistake.ts";
import { readClosePayload } from "./close-payload.ts";
import { type FrameSide, oppositeRole, primitivesFor } from "./frame-side.ts";
import { createHeaderContext, findPlaceFor } from "./lone-frame.ts";

/** The fields of one frame; length and masking key are the helper's business. */
export type FrameFields = FrameSide & {
  /** `false` opens or continues a fragmented message. */
  readonly fin: boolean;
  /** Set on the first frame of a message whose payload is compressed already (RFC 7692 §6). */
  readonly rsv1?: boolean;
  readonly rsv2?: boolean;
  readonly rsv3?: boolean;
  readonly opcode: number;
  /** A string is encoded as UTF-8, lone surrogates as U+FFFD. Bytes are copied. */
  readonly payload: string | Uint8Array;
};

/**
 * Makes one frame, always with the shortest length form.
 * @throws FailureError with the name that a receiver would give to the frame, for example `frame-control-fragmented`,
 * `frame-rsv1-on-control`, `frame-opcode-reserved`, `frame-control-too-long`, `close-code-reserved-on-wire` or
 * `message-invalid-utf8` for a whole text message.
 */
export function encodeFrame(fields: FrameFields): Uint8Array {
  const { fin, rsv1 = false, opcode, role } = fields;
  const primitives = primitivesFor(fields, opcode);
  const payload = toPayload(fields.payload);
  if (!isNibble(opcode))
    throw blameCaller(engineFailures.create("frame-opcode-reserved", { opcode, hint: undefined }));
  const failure = judgeHeader(fields, payload.length) ?? judgePayload(fields, payload);
  if (failure) throw blameCaller(failure);
  // The header's judgement has refused every opcode that is not known.
  return writeFrame(primitives, role, opcode as Opcode, payload, { fin, rsv1 });
}

/** UTF-8 of a string, or the bytes themselves. */
export function toPayload(payload: string | Uint8Array): Uint8Array {
  return typeof payload === "string" ? Buffer.from(payload, "utf8") : payload;
}

function isNibble(opcode: number): boolean {
  return Number.isInteger(opcode) && opcode >= 0 && opcode <= 15;
}

/** Asks the parser of the receiving side about the first two bytes; the length form is right by construction. */
function judgeHeader(fields: FrameFields, payloadBytes: number): Failure | undefined {
  const { fin, rsv1 = false, rsv2 = false, rsv3 = false, opcode, role } = fields;
  const first = (fin ? 0x80 : 0) | (rsv1 ? 0x40 : 0) | (rsv2 ? 0x20 : 0) | (rsv3 ? 0x10 : 0) | opcode;
  const second = (role === "client" ? 0x80 : 0) | Math.min(payloadBytes, 126);
  const context = createHeaderContext(oppositeRole(role), true, Number.MAX_SAFE_INTEGER);
  const judged = new FrameHeader().parse(Uint8Array.of(first, second), 0, 2, context, findPlaceFor(opcode));
  return typeof judged === "object" ? judged : undefined;
}

function judgePayload({ opcode, fin, rsv1 }: FrameFields, payload: Uint8Array): Failure | undefined {
  if (opcode === opcodes.close) {
    const close = readClosePayload(payload);
    return "name" in close ? close : undefined;
  }
  if (opcode !== opcodes.text || !fin || rsv1 || nodePrimitives.isUtf8(payload)) return undefined;
  const offset = findInvalidUtf8(payload);
  return engineFailures.create("message-invalid-utf8", { offset, byte: payload[offset] });
}
