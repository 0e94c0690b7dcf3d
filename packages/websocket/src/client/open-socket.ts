/** The first stages of an attempt: a TCP connection, and TLS on it where the URL asks for it. */
import { isIP, type LookupFunction, Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { ConnectAttempt } from "./connect-attempt.ts";
import type { ClientTlsOptions } from "./connect-options.ts";
import { type DialledHost, nameTcpError, nameTlsError } from "./transport-failure.ts";

/** A backstop under the pings; a proxy answers it, so it proves little. */
const keepAliveMs = 30_000;

/** Resolves the name and connects, racing IPv6 against IPv4 as Node does. */
export function openTcp(
  attempt: ConnectAttempt,
  dialled: DialledHost,
  options: { readonly lookup?: LookupFunction; readonly localAddress?: string },
): Promise<Socket> {
  const { hostname, port } = dialled;
  attempt.enter(isIP(hostname) === 0 ? "dns" : "tcp");
  return attempt.run((settle) => {
    // Listened to before it connects: a lookup may answer at once.
    const socket = new Socket().setNoDelay(true).setKeepAlive(true, keepAliveMs);
    attempt.hold(socket);
    const onLookup = (error: Error | null): void => {
      if (error === null && attempt.stage === "dns") attempt.enter("tcp");
    };
    const onConnect = (): void => settle.resolve(socket);
    const onError = (error: Error): void => settle.fail(nameTcpError(error, attempt.stage, dialled), error);
    socket.on("lookup", onLookup).on("connect", onConnect).on("error", onError);
    socket.connect({
      host: hostname,
      port,
      ...(options.lookup && { lookup: options.lookup }),
      ...(options.localAddress !== undefined && { localAddress: options.localAddress }),
    });
    return () => {
      socket.off("lookup", onLookup).off("connect", onConnect).off("error", onError);
    };
  });
}

/** Sets TLS up on an open socket: SNI for names only (RFC 6066 §3), ALPN http/1.1. */
export function openTls(
  attempt: ConnectAttempt,
  socket: Socket,
  hostname: string,
  options: ClientTlsOptions = {},
): Promise<Socket> {
  attempt.enter("tls");
  return attempt.run((settle) => {
    const secure = connectTls({
      socket,
      host: hostname,
      ...(isIP(hostname) === 0 && { servername: hostname }),
      ...options,
      ALPNProtocols: ["http/1.1"],
    });
    attempt.hold(secure);
    const onSecure = (): void => settle.resolve(secure);
    const onError = (error: Error): void => settle.fail(nameTlsError(error, hostname), error);
    secure.on("secureConnect", onSecure).on("error", onError);
    return () => {
      secure.off("secureConnect", onSecure).off("error", onError);
    };
  });
}
