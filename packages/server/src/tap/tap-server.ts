/**
 * The proxy itself: listens, dials the target for every client, and lets a relay carry between the two. Options in,
 * a running tap out; what passes is told through the observers.
 */
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { createSecureContext, type SecureContext, TLSSocket } from "node:tls";
import { engineFailures, type Failure } from "@antiphon/websocket";
import { nameTlsError } from "@antiphon/websocket/inspect";
import type { CapturedConnection, CaptureFile } from "./capture-file.ts";
import { ConnectionObserver } from "./connection-observer.ts";
import { dialTarget } from "./dial-target.ts";
import { HostRewriter } from "./host-rewrite.ts";
import { type ObserverOptions, observerBounds } from "./observer-options.ts";
import { startRelay } from "./relay.ts";
import { formatAddress, type ListenAddress, type TapTarget } from "./tap-address.ts";
import { TappedSocket } from "./tapped-socket.ts";

export interface TapOptions {
  readonly listen: ListenAddress;
  /** Certificate chain and key in PEM; with them clients speak TLS to the tap. */
  readonly tls: { readonly cert: Buffer; readonly key: Buffer } | undefined;
  readonly target: TapTarget;
  /** The target's certificate is not verified. */
  readonly insecure: boolean;
  readonly rewriteHost: boolean;
  readonly capture: CaptureFile | undefined;
  readonly observer: ObserverOptions;
}

export interface RunningTap {
  /** With the port that was picked where 0 was asked for. */
  readonly address: ListenAddress;
  /** Ends all connections, tells how each stood, and stops listening. */
  stop(): Promise<void>;
}

/** Both sides of a connection, as long as it lives. */
interface TappedConnection {
  readonly observer: ConnectionObserver;
  readonly sockets: TappedSocket[];
}

/** Starts to listen. Rejects with the error of `listen`, or of a certificate that cannot be used. */
export async function startTap(options: TapOptions): Promise<RunningTap> {
  const secureContext = options.tls && createSecureContext(options.tls);
  const connections = new Set<TappedConnection>();
  let count = 0;
  // Not read before the target is there, so that nothing piles up here.
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    count += 1;
    acceptClient(socket, count, options, secureContext, connections);
  });
  server.listen(options.listen.port, options.listen.host);
  await once(server, "listening");
  // A server on a port has an address object.
  const { port } = server.address() as AddressInfo;
  return {
    address: { host: options.listen.host, port },
    async stop() {
      const closed = once(server, "close");
      server.close();
      for (const { observer, sockets } of connections) {
        observer.closed();
        for (const socket of sockets) socket.destroy();
      }
      await closed;
    },
  };
}

function acceptClient(
  tcp: Socket,
  number: number,
  options: TapOptions,
  secureContext: SecureContext | undefined,
  connections: Set<TappedConnection>,
): void {
  const stream = secureContext
    ? new TLSSocket(tcp, { isServer: true, secureContext, ALPNProtocols: ["http/1.1"] })
    : tcp;
  const client = new TappedSocket(stream, tcp);
  const observer = new ConnectionObserver(number, options.observer);
  const connection: TappedConnection = { observer, sockets: [client] };
  connections.add(connection);
  const finish = (): void => {
    observer.closed();
    connections.delete(connection);
  };
  // Read now: a socket that is gone has no addresses.
  const clientAddress = { address: tcp.remoteAddress ?? "0.0.0.0", port: tcp.remotePort ?? 0 };

  /** The client is lost before anything could be carried. */
  const loseClient = (error: NodeJS.ErrnoException): void => {
    if (secureContext && error.code !== "ECONNRESET") {
      observer.failedTransport(nameListenerTlsError(error), "client");
    }
    observer.ended("client", "reset");
    for (const socket of connection.sockets) socket.destroy();
    finish();
  };
  const dial = (): void => {
    const server = dialTarget(options.target, options, {
      onReady(ready) {
        client.stream.off("error", loseClient);
        const capture = openCapture(options, clientAddress, ready);
        const target = formatAddress(ready.stream.remoteAddress, ready.stream.remotePort);
        observer.opened(formatAddress(clientAddress.address, clientAddress.port), target);
        const rewriter = createRewriter(options);
        startRelay({ sockets: { client, server: ready }, observer, capture, rewriter, onClosed: finish });
        if (!secureContext) tcp.resume();
      },
      onFailed(failure) {
        observer.failedTransport(failure, "server");
        client.reset();
        finish();
      },
    });
    connection.sockets.push(server);
  };
  client.stream.on("error", loseClient);
  // A TLS socket of the server's side tells with `secure` that the client has completed TLS.
  if (secureContext) client.stream.once("secure", dial);
  else dial();
}

function createRewriter({ rewriteHost, target }: TapOptions): HostRewriter | undefined {
  return rewriteHost ? new HostRewriter(target, observerBounds.headBytes) : undefined;
}

function openCapture(
  { capture, target }: TapOptions,
  client: { readonly address: string; readonly port: number },
  server: TappedSocket,
): CapturedConnection | undefined {
  const { remoteAddress = "0.0.0.0", remotePort = target.port } = server.stream;
  return capture?.open({ client, server: { address: remoteAddress, port: remotePort } });
}

/** What a client did instead of completing TLS with the tap. */
function nameListenerTlsError(error: Error): Failure {
  const { code = "" } = error as NodeJS.ErrnoException;
  if (/HTTP_REQUEST|WRONG_VERSION_NUMBER/.test(code)) {
    const shownBy = "the tap listens with TLS, and the client sent plain HTTP";
    return engineFailures.create("plain-http-sent-to-tls-port", { shownBy });
  }
  return nameTlsError(error, "the tap");
}
