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
export { type BackoffSettings, defaultBackoff } from "./client/backoff.ts";
export { connect } from "./client/connect.ts";
export { ConnectError, type RefusedResponse, type StageTimings } from "./client/connect-error.ts";
export type {
  ClientHandlers,
  ClientTlsOptions,
  ConnectOptions,
  ProxyOptions,
} from "./client/connect-options.ts";
export { defaultOfflineQueue, type OfflineQueueSettings } from "./client/offline-queue.ts";
export type { ReceiveOptions, ReceiveQueueLimits, ReceiveResult } from "./client/receive-queue.ts";
export { ConnectionClosedError } from "./client/received-close.ts";
export {
  type ClientTarget,
  ReconnectingClient,
  type ReconnectingClientOptions,
} from "./client/reconnecting-client.ts";
export type {
  Opening,
  ReconnectHandlers,
  ReconnectOptions,
  ReconnectState,
  StopReport,
  Waiting,
} from "./client/reconnect-options.ts";
export { Reconnector } from "./client/reconnector.ts";
export {
  defaultRetryTable,
  pusherRetryTable,
  type RetryDecision,
  type RetryPolicy,
  type RetryRule,
  type RetryTable,
} from "./client/retry-policy.ts";
export type { Loss, ReconnectClock, Session, SessionEnd, SessionSendResult } from "./client/session.ts";
export { WebSocketClient } from "./client/websocket-client.ts";
export { WebSocketOnlyRequest } from "./node/websocket-only-request.ts";
