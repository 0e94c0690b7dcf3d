/** What a caller of `connect` may ask for, with the defaults. */
import type { LookupFunction } from "node:net";
import type { ConnectionOptions as TlsConnectionOptions } from "node:tls";
import type { Failure } from "../failures/failure.ts";
import type { CloseReport } from "../node/close-report.ts";
import type { ConnectionSettings } from "../node/connection-settings.ts";
import type { DeflateSettings } from "../node/route.ts";
import type { HeaderLine } from "../protocol/header-fields.ts";
import type { ReceiveQueueLimits } from "./receive-queue.ts";
import type { WebSocketClient } from "./websocket-client.ts";

/** What `tls.connect` takes and a WebSocket client has a use for. ALPN is always `http/1.1`, SNI the URL's name. */
export type ClientTlsOptions = Pick<
  TlsConnectionOptions,
  | "ca"
  | "cert"
  | "key"
  | "pfx"
  | "passphrase"
  | "rejectUnauthorized"
  | "servername"
  | "checkServerIdentity"
  | "secureContext"
  | "minVersion"
  | "maxVersion"
  | "ciphers"
>;

/** A proxy that tunnels by CONNECT (RFC 9110 §9.3.6). */
export interface ProxyOptions {
  /** `http:` or `https:`; user info becomes Proxy-Authorization. */
  readonly url: string | URL;
  /** Sent with CONNECT only. */
  readonly headers?: readonly HeaderLine[];
  /** For TLS to the proxy itself. */
  readonly tls?: ClientTlsOptions;
}

/**
 * What the application does with what the connection brings. An error that a handler throws, or rejects with, closes the
 * connection with 1011.
 */
export interface ClientHandlers {
  /** A whole message. Without this handler messages wait for `receive`. May be called before `connect` has resolved. */
  message?(client: WebSocketClient, data: string | Uint8Array): void | Promise<void>;
  ping?(client: WebSocketClient, payload: Uint8Array): void;
  pong?(client: WebSocketClient, payload: Uint8Array): void;
  /** `send` answered `queued` before, and the buffer is below the low-water mark again. */
  drain?(client: WebSocketClient): void;
  /** Something is wrong that ends nothing. */
  warning?(client: WebSocketClient, failure: Failure): void;
  /** Once, and nothing follows. */
  close?(client: WebSocketClient, report: CloseReport): void;
}

/** The settings of the connection, such as `maxMessageBytes` and `pingIntervalMs`, and those of its opening. */
export interface ConnectOptions extends Partial<ConnectionSettings> {
  readonly handlers?: ClientHandlers;
  readonly headers?: Readonly<Record<string, string>> | readonly HeaderLine[];
  readonly origin?: string;
  /** Replaces the Host header; TLS still verifies the URL's name unless `tls.servername` says otherwise. */
  readonly hostHeader?: string;
  /** Most wanted first. */
  readonly subprotocols?: string | readonly string[];
  /** Fail if the server chooses none of the subprotocols, as browsers do. Default false. */
  readonly subprotocolRequired?: boolean;
  /** Offer permessage-deflate: `true` for the defaults. Default false. */
  readonly deflate?: boolean | Partial<DeflateSettings>;
  /** Close with 1010 and reject if the server does not accept the offer. Default false. */
  readonly deflateRequired?: boolean;
  /** For DNS, TCP, proxy, TLS, HTTP and all redirects together. Default 10 s. */
  readonly connectTimeoutMs?: number;
  /** Aborts the attempt; has no effect once the connection is open. */
  readonly signal?: AbortSignal;
  readonly tls?: ClientTlsOptions;
  /** Redirects to follow, at most 5; default 0. Credentials stay with the host they were meant for. */
  readonly maxRedirects?: number;
  /** `"environment"` reads `wss_proxy`, `https_proxy`, `ws_proxy`, `http_proxy`, `no_proxy`. Default: no proxy. */
  readonly proxy?: "environment" | (string & {}) | URL | ProxyOptions;
  /** In place of the system's name resolution. */
  readonly lookup?: LookupFunction;
  readonly localAddress?: string;
  /** Messages that wait for `receive`, after which the socket is not read. Default 16 messages or 1 MiB. */
  readonly receiveQueue?: Partial<ReceiveQueueLimits>;
  /** Every failure of the open connection, for logs and metrics; `cause` is what a handler threw. */
  onFailure?(failure: Failure, cause?: unknown): void;
}

export const defaultConnectTimeoutMs = 10_000;

/** Offered by a client: context takeover both ways, since one connection can spare the window. */
export const defaultClientDeflate: DeflateSettings = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
  level: 3,
  memoryLevel: 8,
  thresholdBytes: 1024,
};
