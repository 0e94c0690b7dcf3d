/**
 * Frames by hand, `@antiphon/websocket/frames`: builders whose names say which side they are for, and the engine's own
 * parser. No I/O; usable without the rest of the package.
 */
export { type Failure, FailureError } from "../failures/failure.ts";
export { computeAccept } from "../node/accept-value.ts";
export { closeCodes, isApplicationCloseCode, judgeCloseCode } from "../protocol/close-codes.ts";
export { type Opcode, opcodes, type Role, type Strictness } from "../protocol/opcodes.ts";
export type { ReceiveLimits } from "../protocol/message-reader.ts";
export type { NegotiatedDeflate } from "../protocol/permessage-deflate.ts";
export type { CloseFrame, ProtocolEvent } from "../protocol/websocket-protocol.ts";
export { type CloseCodeMeaning, describeCloseCode } from "./close-code-meaning.ts";
export { readClosePayload } from "./close-payload.ts";
export { createClose, createPing, createPong } from "./control-frames.ts";
export { createParser, type FrameParser } from "./create-parser.ts";
export {
  type DecodedFrame,
  decodeFrame,
  type DecodeOptions,
  type DecodeResult,
  unpack,
} from "./decode-frame.ts";
export { encodeFrame, type FrameFields } from "./encode-frame.ts";
export type { FrameSide, MaskingOptions } from "./frame-side.ts";
export { mask } from "./mask-payload.ts";
export {
  createBinaryFrame,
  createMaskedBinaryFrame,
  createMaskedTextFrame,
  createTextFrame,
} from "./message-frames.ts";
export { frameFlags, pack, type PackOptions } from "./pack.ts";
export type { ReceivingOptions } from "./receiving-protocol.ts";
