/**
 * Bytes and handshakes explained, `@antiphon/websocket/inspect`: for tools that show people what went over the wire. The
 * verdicts are those of the engine itself.
 */
export { type ByteText, type ByteTextFormat, parseByteText } from "./byte-text.ts";
export { formatFrameInspection } from "./format-inspection.ts";
export type {
  FieldName,
  FrameInspection,
  InspectedField,
  InspectedFrame,
  InspectedMessage,
  InspectionHint,
  InspectionOutcome,
  InspectOptions,
} from "./frame-inspection.ts";
export { inspectFrames } from "./inspect-frames.ts";
export { type HandshakeFinding, type HandshakeInspection, inspectHandshake } from "./inspect-handshake.ts";
