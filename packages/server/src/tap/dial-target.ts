/** Connects to the target, with TLS where it wants that: a socket that is ready, or the failure with its name. */
import { connect as connectTcp, isIP } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Failure } from "@antiphon/websocket";
import { nameTcpError, nameTlsError } from "@antiphon/websocket/inspect";
import type { TapTarget } from "./tap-address.ts";
import { TappedSocket } from "./tapped-socket.ts";

export interface DialHandlers {
  /** Bytes may flow. */
  readonly onReady: (socket: TappedSocket) => void;
  readonly onFailed: (failure: Failure) => void;
}

/** Dials. The returned socket may be destroyed before it is ready; then nothing is called. */
export function dialTarget(
  target: TapTarget,
  options: { readonly insecure: boolean },
  handlers: DialHandlers,
): TappedSocket {
  const { hostname, port, isSecure } = target;
  const tcp = connectTcp({ host: hostname, port, allowHalfOpen: true });
  const stream = isSecure
    ? connectTls({
        socket: tcp,
        // Deviation: nothing is verified where the operator asked for that with --insecure.
        rejectUnauthorized: !options.insecure,
        ALPNProtocols: ["http/1.1"],
        ...(isIP(hostname) === 0 ? { servername: hostname } : { host: hostname }),
      })
    : tcp;
  const socket = new TappedSocket(stream, tcp);
  let isConnected = false;
  tcp.once("connect", () => {
    isConnected = true;
  });
  const fail = (error: Error): void => {
    stream.off("error", fail);
    tcp.off("error", fail);
    // Both sockets may report the same loss; the second report has nowhere to go.
    stream.on("error", () => {});
    tcp.on("error", () => {});
    handlers.onFailed(nameDialError(error, isConnected, target));
  };
  stream.on("error", fail);
  if (stream !== tcp) tcp.on("error", fail);
  stream.once(isSecure ? "secureConnect" : "connect", () => {
    stream.off("error", fail);
    if (stream !== tcp) {
      tcp.off("error", fail);
      // What happens to TCP from now on reaches the TLS socket as an error of its own.
      tcp.on("error", (error) => void stream.destroy(error));
    }
    handlers.onReady(socket);
  });
  return socket;
}

function nameDialError(error: Error & { code?: string }, isConnected: boolean, target: TapTarget): Failure {
  if (isConnected) return nameTlsError(error, target.hostname);
  const isLookup = error.code === "ENOTFOUND" || error.code === "EAI_AGAIN";
  return nameTcpError(error, isLookup ? "dns" : "tcp", target);
}
