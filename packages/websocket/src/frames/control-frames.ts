/** Ping, pong and Close for either side (RFC 6455 §5.5): at most 125 bytes, whole, and masked for clients like all else. */
import { engineFailures } from "../failures/engine-failures.ts";
import { FailureError } from "../failures/failure.ts";
import { judgeCloseCode } from "../protocol/close-codes.ts";
import { opcodes } from "../protocol/opcodes.ts";
import { maxCloseReasonBytes } from "../protocol/websocket-protocol.ts";
import { blameCaller } from "./caller-mistake.ts";
import { encodeFrame } from "./encode-frame.ts";
import type { FrameSide } from "./frame-side.ts";

/** A ping. @throws FailureError `frame-control-too-long` above 125 bytes. */
export function createPing(payload: string | Uint8Array, side: FrameSide): Uint8Array {
  return encodeFrame({ ...side, fin: true, opcode: opcodes.ping, payload });
}

/**
 * A pong. The answer to a ping carries the same payload (RFC 6455 §5.5.3).
 * @throws FailureError `frame-control-too-long` above 125 bytes.
 */
export function createPong(payload: string | Uint8Array, side: FrameSide): Uint8Array {
  return encodeFrame({ ...side, fin: true, opcode: opcodes.pong, payload });
}

/**
 * A Close frame; an empty one where the code is `undefined`. Takes every code that may stand on the wire.
 * @throws FailureError `close-code-reserved-on-wire`, `close-code-out-of-range`, `close-reason-too-long` above 123 bytes
 * of UTF-8, `close-reason-without-code`.
 */
export function createClose(code: number | undefined, reason: string, side: FrameSide): Uint8Array {
  return encodeFrame({
    ...side,
    fin: true,
    opcode: opcodes.close,
    payload: formatClosePayload(code, reason),
  });
}

function formatClosePayload(code: number | undefined, reason: string): Uint8Array {
  const reasonBytes = Buffer.byteLength(reason);
  if (code === undefined) {
    if (reasonBytes === 0) return new Uint8Array(0);
    throw new FailureError(engineFailures.create("close-reason-without-code"));
  }
  const fault = Number.isInteger(code) ? judgeCloseCode(code) : "close-code-out-of-range";
  if (fault) throw blameCaller(engineFailures.create(fault, { code }));
  if (reasonBytes > maxCloseReasonBytes) {
    throw new FailureError(engineFailures.create("close-reason-too-long", { reasonBytes }));
  }
  const payload = Buffer.alloc(2 + reasonBytes);
  payload.writeUInt16BE(code);
  payload.write(reason, 2);
  return payload;
}
