/**
 * An HTTP server of the engine's own, for applications that have none: WebSocket routes upgrade, everything else goes to
 * a handler or is refused by name.
 */
import {
  createServer,
  type IncomingMessage,
  type Server as HttpServer,
  type ServerResponse,
} from "node:http";
import { createServer as createTlsServer, type Server as HttpsServer, type ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";
import { engineFailures } from "../failures/engine-failures.ts";
import { toEvidenceText } from "../failures/evidence-text.ts";
import type { Failure } from "../failures/failure.ts";
import { prefersJson } from "../protocol/accept-header.ts";
import { judgePlainRequest } from "../protocol/hop-by-hop.ts";
import { formatRefusal } from "../protocol/refusal.ts";
import type { RequestLimits } from "../protocol/request-limits.ts";
import { parseTarget } from "../protocol/request-target.ts";
import { refuseSocket } from "./refuse-socket.ts";
import { WebSocketOnlyRequest } from "./websocket-only-request.ts";

export interface ListenOptions {
  /** Default: a free one. */
  readonly port?: number;
  /** Default: loopback. */
  readonly host?: string;
  readonly backlog?: number;
  /** Switches TLS on: `cert` and `key`, SNI callbacks and whatever else node:https takes. */
  readonly tls?: ServerOptions;
  /** Time for a complete request head. */
  readonly handshakeTimeoutMs?: number;
  /** Plain HTTP on the same port. Default: 426 on WebSocket paths, 404 elsewhere. */
  readonly onRequest?: (request: IncomingMessage, response: ServerResponse) => void;
}

/** Time for TLS, and for a complete request head. */
export const defaultHandshakeTimeoutMs = 10_000;
/** Method, version and line end, with room to spare. */
const requestLineBytes = 64;

/** Makes the HTTP server; `refuse` answers what is no upgrade, unless the application does. */
export function createListener(
  options: ListenOptions,
  limits: RequestLimits,
  refuse: (request: IncomingMessage, response: ServerResponse) => void,
): HttpServer | HttpsServer {
  const { handshakeTimeoutMs = defaultHandshakeTimeoutMs, tls } = options;
  const timing = {
    IncomingMessage: WebSocketOnlyRequest,
    headersTimeout: handshakeTimeoutMs,
    requestTimeout: Math.max(handshakeTimeoutMs, 30_000),
    // Node looks for slow requests only this often; its default of 30 s makes any shorter limit meaningless.
    connectionsCheckingInterval: 1000,
    // Our own limits on URL and headers name what is too long; Node's single one only stops what never ends.
    maxHeaderSize: limits.maxUrlBytes + limits.maxHeaderBytes + requestLineBytes,
    noDelay: true,
  };
  const server = tls
    ? createTlsServer({ handshakeTimeout: handshakeTimeoutMs, ...timing, ...tls })
    : createServer(timing);
  return server.on("request", options.onRequest ?? refuse);
}

/** Listens; resolves with the address. Rejects with Node's error, for example EADDRINUSE. */
export function listen(server: HttpServer | HttpsServer, options: ListenOptions): Promise<AddressInfo> {
  const { port = 0, host = "127.0.0.1", backlog = 511 } = options;
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port, host, backlog }, () => {
      server.off("error", reject);
      resolve(server.address() as AddressInfo);
    });
  });
}

/**
 * Answers a plain request on a WebSocket path with what is missing from it, and any other with 404. Returns the failure if
 * a WebSocket may have been meant.
 */
export function refusePlainRequest(
  request: IncomingMessage,
  response: ServerResponse,
  isWebSocketPath: (path: string) => boolean,
): Failure | undefined {
  const { method = "", url: target = "", httpVersion, rawHeaders } = request;
  const { socket } = response;
  const parsed = parseTarget(target);
  const path = parsed.ok ? parsed.target.path : target;
  const isKnown = isWebSocketPath(path);
  const failure = isKnown
    ? (judgePlainRequest({ method, target, httpVersion, rawHeaders }) ??
      engineFailures.create("handshake-not-an-upgrade"))
    : engineFailures.create("handshake-path-not-found", { path: toEvidenceText(path) });
  // A request that was sent along with the one before goes unanswered: that one's answer has ended the connection.
  if (socket === null || !socket.writable) return undefined;
  const status = failure.httpStatus ?? 500;
  const acceptsJson = prefersJson(request.headers.accept);
  request.resume();
  refuseSocket(socket, formatRefusal({ status, failure, acceptsJson, omitBody: method === "HEAD" }));
  return isKnown ? failure : undefined;
}
