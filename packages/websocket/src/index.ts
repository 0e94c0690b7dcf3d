/** RFC 6455 and RFC 7692 WebSocket engine: everything an application needs, from one import. */
export * from "./failures/engine-failures.ts";
export * from "./failures/failure.ts";
export type { CloseReport } from "./node/close-report.ts";
export { WebSocketConnection } from "./node/connection.ts";
export type {
  ConnectionHandlers,
  OutgoingCompression,
  SendOptions,
  SendResult,
} from "./node/connection-host.ts";
export type { ConnectionPage, ConnectionQuery } from "./node/connection-registry.ts";
export {
  type ConnectionSettings,
  defaultConnectionSettings,
  type SlowConsumerPolicy,
} from "./node/connection-settings.ts";
export { computeAccept } from "./node/accept-value.ts";
export type { ListenOptions } from "./node/http-listener.ts";
export type { MessageStream } from "./node/message-stream.ts";
export { PreparedMessage } from "./node/prepared-message.ts";
export type { RoundTrip } from "./node/round-trips.ts";
export type { DeflateSettings, HandshakeRules, RouteOptions } from "./node/route.ts";
export { Topic } from "./node/topic.ts";
export {
  type AcceptOptions,
  type HandshakeRequest,
  type RejectOptions,
  UpgradeContext,
} from "./node/upgrade-decision.ts";
export {
  type FailureContext,
  type ShutdownOptions,
  type ShutdownResult,
  WebSocketServer,
  type WebSocketServerOptions,
} from "./node/websocket-server.ts";
export { closeCodes } from "./protocol/close-codes.ts";
export { opcodes, type Role, type Strictness } from "./protocol/opcodes.ts";
export type { CloseFrame } from "./protocol/websocket-protocol.ts";
