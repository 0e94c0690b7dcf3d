/** RFC 6455 and RFC 7692 WebSocket engine: everything an application needs, from one import. */
export * from "./failures/engine-failures.ts";
export * from "./failures/failure.ts";
export type { CloseReport } from "./node/close-report.ts";
export {
  type ConnectionHandlers,
  type OutgoingCompression,
  type SendOptions,
  type SendResult,
  WebSocketConnection,
} from "./node/connection.ts";
export {
  type ConnectionSettings,
  defaultConnectionSettings,
  type SlowConsumerPolicy,
} from "./node/connection-settings.ts";
export { PreparedMessage } from "./node/prepared-message.ts";
export { Topic } from "./node/topic.ts";
export { closeCodes } from "./protocol/close-codes.ts";
export { opcodes, type Role, type Strictness } from "./protocol/opcodes.ts";
export type { CloseFrame } from "./protocol/websocket-protocol.ts";
