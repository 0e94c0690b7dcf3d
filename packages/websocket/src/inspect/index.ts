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

// The engine's own parts, for tools that follow a live stream and never have all of it: `antiphon tap`.
export { nameReceivedClose } from "../client/received-close.ts";
export { nameTcpError, nameTlsError } from "../client/transport-failure.ts";
export { nodePrimitives } from "../node/primitives.ts";
export { endsWithFlushTail, explainInflate } from "../protocol/deflate-diagnosis.ts";
export {
  FrameHeader,
  type HeaderContext,
  maxHeaderLength,
  type StreamPlace,
} from "../protocol/frame-header.ts";
export { MaskingKeyWatch, predictableKeyRun } from "../protocol/masking-key-watch.ts";
export { incomingDirection, MessageInflater } from "../protocol/permessage-deflate.ts";
export {
  type ResponseHead,
  type ResponseHeadResult,
  ResponseHeadReader,
} from "../protocol/response-head-reader.ts";
export { findInvalidUtf8 } from "../protocol/utf8.ts";
export { recogniseApplicationProtocol } from "./application-protocol.ts";
export { type FrameLayout, readFrameLayout } from "./frame-layout.ts";
export { judgeHeaderFields } from "./header-judgement.ts";

// The client's opening handshake stage by stage, for a tool that shows each of them: `antiphon doctor`.
export { ConnectAttempt, type ConnectStage } from "../client/connect-attempt.ts";
export { defaultClientDeflate } from "../client/connect-options.ts";
export { exchangeHead, readRefusalBody } from "../client/exchange-head.ts";
export { openTcp, openTls } from "../client/open-socket.ts";
export { type Proxy, selectProxy } from "../client/proxy-selection.ts";
export { openTunnel } from "../client/proxy-tunnel.ts";
export { findEndFailure } from "../client/received-close.ts";
export { type DialledHost, formatAddress, nameTimeout } from "../client/transport-failure.ts";
export { parseWebSocketUrl, type WebSocketTarget } from "../client/websocket-url.ts";
export { hideUserInfo, toEvidenceText } from "../failures/evidence-text.ts";
export { TimerWheel } from "../node/timer-wheel.ts";
export { formatUpgradeRequest } from "../protocol/client-request.ts";
export { HeaderFields, type HeaderLine } from "../protocol/header-fields.ts";
export { formatDeflateOffer } from "../protocol/permessage-deflate-negotiation.ts";
export { splitPacketText } from "./packet-text.ts";
