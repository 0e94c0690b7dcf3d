/**
 * One frame from the start of some bytes, judged by the engine's header parser. For streams and messages there is
 * `createParser`; this is for looking at a single frame, so a continuation frame is taken as it is. Never throws on bytes, never changes them.
 */
import { engineFailures } from "../failures/engine-failures.ts";
import type { Failure } from "../failures/failure.ts";
import { defaultConnectionSettings } from "../node/connection-settings.ts";
import { nodePrimitives } from "../node/primitives.ts";
import { FrameHeader } from "../protocol/frame-header.ts";
import { type Opcode, opcodes, type Role } from "../protocol/opcodes.ts";
import type { NegotiatedDeflate } from "../protocol/permessage-deflate.ts";
import { findInvalidUtf8 } from "../protocol/utf8.ts";
import type { CloseFrame } from "../protocol/websocket-protocol.ts";
import { readClosePayload } from "./close-payload.ts";
import { requireRole } from "./frame-side.ts";
import { createHeaderContext, findPlaceFor } from "./lone-frame.ts";
import { mask } from "./mask-payload.ts";
import { frameFlags } from "./pack.ts";

export interface DecodeOptions {
  /** Who RECEIVES the frame: `server` decodes a client's frames and demands masks, `client` the other way round. */
  readonly role: Role;
  /** Whether compression was agreed on, so that RSV1 is legal. The payload stays compressed. */
  readonly deflate?: boolean | NegotiatedDeflate;
  /** Larger frames fail with `frame-too-large` before their payload is there. Default 1 MiB. */
  readonly maxFrameBytes?: number;
}

export interface DecodedFrame {
  readonly fin: boolean;
  /** The payload is (the start of) a compressed message. */
  readonly rsv1: boolean;
  readonly opcode: Opcode;
  /** The same as a sum of {@link frameFlags}. */
  readonly flags: number;
  readonly maskingKey?: Uint8Array;
  /** Unmasked, in memory of its own. */
  readonly payload: Uint8Array;
  /** Code and reason, on Close frames. */
  readonly close?: CloseFrame;
}

export type DecodeResult =
  /** `atLeast` bytes, counted from the start of the frame, are needed to get further. */
  | { readonly status: "need-more"; readonly atLeast: number }
  /** The next frame starts at `consumed`. */
  | { readonly status: "frame"; readonly frame: DecodedFrame; readonly consumed: number }
  | { readonly status: "failure"; readonly failure: Failure };

/**
 * Decodes the frame at the start of `bytes`.
 * @throws FailureError `frame-role-missing` only; bad bytes are the `failure` result.
 */
export function decodeFrame(bytes: Uint8Array, options: DecodeOptions): DecodeResult {
  requireRole(options.role);
  const { role, deflate = false, maxFrameBytes = defaultConnectionSettings.maxMessageBytes } = options;
  const context = createHeaderContext(role, deflate !== false, maxFrameBytes);
  const header = new FrameHeader();
  const place = findPlaceFor((bytes[0] ?? 0) & 0x0f);
  const size = header.parse(bytes, 0, bytes.length, context, place);
  if (typeof size === "object") return { status: "failure", failure: size };
  const frameBytes = size === undefined ? leastFrameBytes(bytes, header) : size + header.payloadLength;
  if (size === undefined || bytes.length < frameBytes) return { status: "need-more", atLeast: frameBytes };

  const masked = bytes.subarray(size, frameBytes);
  const payload = header.maskingKey ? mask(masked, header.maskingKey) : Uint8Array.from(masked);
  const contents = judgePayload(header, payload);
  if ("name" in contents) return { status: "failure", failure: contents };
  const { fin, rsv1, maskingKey } = header;
  const flags =
    (fin ? frameFlags.fin : 0) | (rsv1 ? frameFlags.rsv1 : 0) | (maskingKey ? frameFlags.mask : 0);
  const frame: DecodedFrame = {
    fin,
    rsv1,
    // The header's judgement lets only known opcodes through.
    opcode: header.opcode as Opcode,
    flags,
    ...(maskingKey && { maskingKey }),
    payload,
    ...contents,
  };
  return { status: "frame", frame, consumed: frameBytes };
}

/** The name under which Swoole knows {@link decodeFrame}; it does not inflate, which needs whole messages. */
export const unpack = decodeFrame;

/** What is certain of the frame's size while its header is not complete. */
function leastFrameBytes(bytes: Uint8Array, header: FrameHeader): number {
  const second = bytes[1];
  if (second === undefined) return 2;
  const shortLength = second & 0x7f;
  const lengthEnd = shortLength < 126 ? 2 : shortLength === 126 ? 4 : 10;
  // The header has read the length already if only (a part of) the masking key is missing.
  const payloadLength = bytes.length < lengthEnd ? 0 : header.payloadLength;
  return lengthEnd + (second >= 0x80 ? 4 : 0) + payloadLength;
}

function judgePayload(header: FrameHeader, payload: Uint8Array): Failure | { readonly close?: CloseFrame } {
  if (header.opcode === opcodes.close) {
    const close = readClosePayload(payload);
    return "name" in close ? close : { close };
  }
  const isWholeText = header.opcode === opcodes.text && header.fin && !header.rsv1;
  if (!isWholeText || nodePrimitives.isUtf8(payload)) return {};
  const offset = findInvalidUtf8(payload);
  return engineFailures.create("message-invalid-utf8", { offset, byte: payload[offset] });
}
