/**
 * One end of a tapped connection: TCP, or TLS on TCP. It knows how to end one direction, and how to reset both, which TLS
 * sockets cannot do by themselves.
 */
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";

export class TappedSocket {
  /** Where the bytes of the stream come out and go in. */
  readonly stream: Socket;
  readonly #tcp: Socket;

  /** @param stream the TLS socket, or `tcp` itself. */
  constructor(stream: Socket, tcp: Socket) {
    this.stream = stream;
    this.#tcp = tcp;
    tcp.setNoDelay(true);
  }

  get isSecure(): boolean {
    return this.stream instanceof TLSSocket;
  }

  /** Ends this side with a RST, so that the peer sees what the other peer did. */
  reset(): void {
    if (this.#tcp.destroyed && this.stream.destroyed) return;
    this.#tcp.resetAndDestroy();
    if (this.stream !== this.#tcp) this.stream.destroy();
  }

  destroy(): void {
    this.stream.destroy();
    this.#tcp.destroy();
  }
}
