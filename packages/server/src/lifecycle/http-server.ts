/** The one HTTP server that carries the WebSocket endpoint and the HTTP API: made, listened on and closed here. */
import { readFileSync } from "node:fs";
import { createServer, type Server as HttpServer } from "node:http";
import { createServer as createTlsServer, type Server as HttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { WebSocketOnlyRequest } from "@antiphon/websocket";
import type { Config } from "../config/load-config.ts";

export type AnyHttpServer = HttpServer | HttpsServer;

/** Requests that are under way when the server closes have this long. */
const closeGraceMs = 2000;

/**
 * Longer than proxies keep a connection that they may still use (nginx and AWS: a minute): with Node's 5 s they send
 * requests into connections that are just being closed, and answer their clients 502.
 */
const keepAliveTimeoutMs = 75_000;

export function createHttpServer(config: Config): AnyHttpServer {
  const { maxHeaderBytes, handshakeTimeoutMs, requestTimeoutMs } = config.limits;
  const limits = {
    IncomingMessage: WebSocketOnlyRequest,
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: handshakeTimeoutMs,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    // Node looks for requests that take too long only this often.
    connectionsCheckingInterval: 1000,
    noDelay: true,
  };
  if (config.server.tls.cert === undefined) return createServer(limits);
  return createTlsServer({ ...limits, ...readCertificate(config), handshakeTimeout: handshakeTimeoutMs });
}

/** New TLS connections get the certificate that the files hold now; open ones stay as they are. */
export function reloadCertificate(server: AnyHttpServer, config: Config): void {
  if ("setSecureContext" in server && config.server.tls.cert !== undefined) {
    server.setSecureContext(readCertificate(config));
  }
}

/** Where to listen, and with whom. */
export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  /** SO_REUSEPORT: several processes listen, and the system deals connections out among them. */
  readonly reusePort?: boolean;
}

/** Resolves with the address. Rejects with Node's error, for example EADDRINUSE. */
export function listen(
  server: AnyHttpServer,
  { host, port, reusePort = false }: ListenOptions,
): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    // Node 20's types do not know reusePort; it is only set where Node does.
    const options = { host, port, ...(reusePort && { reusePort, exclusive: true }) };
    server.listen(options, () => {
      server.off("error", reject);
      // A server that listens on a port has an address of this kind.
      resolve(server.address() as AddressInfo);
    });
  });
}

/** Stops listening, lets requests that are under way end, and then cuts what is left. */
export async function close(server: AnyHttpServer): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), closeGraceMs);
  await closed;
  clearTimeout(cut);
}

/** The configuration was checked: the files are there and come together. */
export function readCertificate({ server: { tls } }: Config): {
  cert: Buffer;
  key: Buffer;
  ca?: Buffer;
  passphrase?: string;
} {
  return {
    cert: readFileSync(tls.cert ?? ""),
    key: readFileSync(tls.key ?? ""),
    ...(tls.ca !== undefined && { ca: readFileSync(tls.ca) }),
    ...(tls.passphrase !== undefined && { passphrase: tls.passphrase }),
  };
}
