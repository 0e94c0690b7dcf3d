/**
 * `@antiphon/websocket/browser`: a WebSocket for pages that reconnects with jitter, holds messages while offline if asked
 * to, and says why it gave up. Imports nothing of Node.
 */
export { type BackoffSettings, defaultBackoff } from "../client/backoff.ts";
export { defaultOfflineQueue, type OfflineQueueSettings } from "../client/offline-queue.ts";
export type {
  Opening,
  ReconnectHandlers,
  ReconnectOptions,
  ReconnectState,
  StopReport,
  Waiting,
} from "../client/reconnect-options.ts";
export { Reconnector } from "../client/reconnector.ts";
export {
  defaultRetryTable,
  pusherRetryTable,
  type RetryDecision,
  type RetryPolicy,
  type RetryRule,
  type RetryTable,
} from "../client/retry-policy.ts";
export type { Loss, ReconnectClock, Session, SessionEnd, SessionSendResult } from "../client/session.ts";
export { type Failure, FailureError } from "../failures/failure.ts";
export { BrowserSession } from "./browser-session.ts";
export {
  type BrowserTarget,
  ReconnectingWebSocket,
  type ReconnectingWebSocketOptions,
} from "./reconnecting-websocket.ts";
export type { WebSocketConstructor, WebSocketLike } from "./websocket-like.ts";
