/** What a connection is given: the application's handlers, its settings, and the few services that many share. */
import type { Duplex } from "node:stream";
import type { Failure } from "../failures/failure.ts";
import type { Role } from "../protocol/opcodes.ts";
import type { CompressionSettings, NegotiatedDeflate } from "../protocol/permessage-deflate.ts";
import type { CloseReport } from "./close-report.ts";
import type { WebSocketConnection } from "./connection.ts";
import type { ConnectionSettings } from "./connection-settings.ts";
import type { TimerWheel } from "./timer-wheel.ts";

/** How hard and from which size on outgoing messages are compressed, where that was negotiated. */
export interface OutgoingCompression extends CompressionSettings {
  /** Smaller messages are sent as they are. */
  readonly thresholdBytes: number;
}

/**
 * What the application does with its connections. One object serves all connections of a route. An error that a handler
 * throws, or rejects with, closes its connection with 1011, is reported, and harms nobody else.
 */
export interface ConnectionHandlers<Data = unknown> {
  /** After the 101 is on its way. Messages wait until a returned promise has settled. */
  open?(connection: WebSocketConnection<Data>): void | Promise<void>;
  /** A whole message: `string` for text, bytes for binary. The bytes are the handler's to keep. */
  message?(connection: WebSocketConnection<Data>, data: string | Uint8Array): void | Promise<void>;
  /** A ping came; the pong is already on its way. */
  ping?(connection: WebSocketConnection<Data>, payload: Uint8Array): void;
  pong?(connection: WebSocketConnection<Data>, payload: Uint8Array): void;
  /** `send` answered `queued` before, and the buffer is below the low-water mark again. */
  drain?(connection: WebSocketConnection<Data>): void;
  /** Something is wrong that ends nothing. */
  warning?(connection: WebSocketConnection<Data>, failure: Failure): void;
  /**
   * We give the connection up and its Close frame has not been sent yet: the last chance to say something. A message that
   * is sent here goes before the Close frame. Not called where the peer broke the protocol: nothing more is said then.
   */
  failing?(connection: WebSocketConnection<Data>, failure: Failure): void;
  /** Once for each connection that was opened; nothing follows. */
  close?(connection: WebSocketConnection<Data>, report: CloseReport): void;
}

/** What the connections of one route, or one client, share. */
export interface ConnectionHost<Data> {
  readonly handlers: ConnectionHandlers<Data>;
  readonly settings: ConnectionSettings;
  readonly compression: OutgoingCompression;
  readonly wheel: TimerWheel;
  /** The connection is gone. Called before the application's `close`. */
  onClosed(connection: WebSocketConnection<Data>): void;
  /** A failure to log and count; `cause` is what a handler threw. */
  report(failure: Failure, connection: WebSocketConnection<Data>, cause?: unknown): void;
}

export interface ConnectionOpening<Data> {
  readonly id: string;
  readonly role: Role;
  readonly socket: Duplex;
  readonly host: ConnectionHost<Data>;
  readonly data: Data;
  readonly subprotocol: string;
  readonly deflate: NegotiatedDeflate | undefined;
}

/**
 * `sent`: on its way. `queued`: accepted, but the peer reads too slowly; wait for `drain`. `dropped`: refused by the
 * slow-consumer policy. `closed`: the connection sends no more.
 */
export type SendResult = "sent" | "queued" | "dropped" | "closed";

export interface SendOptions {
  /** `false` never compresses: for secrets beside text that an attacker chooses. Default: by size. */
  readonly compress?: boolean;
  /** While the peer reads too slowly, a message replaces the one with the same key that still waits. */
  readonly coalesceKey?: string;
}
