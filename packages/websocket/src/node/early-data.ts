/**
 * Reads a socket while its handshake hook decides: notices a client that goes away, and holds what one sends too early,
 * but only so much of it that a client cannot fill memory before it is let in.
 */
import type { Duplex } from "node:stream";

export interface EarlyDataListener {
  /** Bytes came; so many are held by now. */
  onData(heldBytes: number): void;
  /** The client closed the connection. */
  onGone(): void;
}

export class EarlyData {
  readonly #socket: Duplex;
  readonly #chunks: Uint8Array[];
  readonly #maxBytes: number;
  readonly #listener: EarlyDataListener;
  #bytes: number;

  constructor(socket: Duplex, head: Uint8Array, maxBytes: number, listener: EarlyDataListener) {
    this.#socket = socket;
    this.#chunks = [head];
    this.#bytes = head.length;
    this.#maxBytes = maxBytes;
    this.#listener = listener;
    socket.on("data", this.#hold);
    socket.on("end", this.#leave);
    socket.on("close", this.#leave);
  }

  /** Stops reading; gives all bytes that came, those behind the request head included. */
  stop(): Uint8Array {
    this.#socket.pause();
    this.release();
    return this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
  }

  /** Lets go of the socket, which somebody else reads by now. */
  release(): void {
    this.#socket.off("data", this.#hold);
    this.#socket.off("end", this.#leave);
    this.#socket.off("close", this.#leave);
  }

  readonly #hold = (chunk: Uint8Array): void => {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes >= this.#maxBytes) this.#socket.pause();
    this.#listener.onData(this.#bytes);
  };

  readonly #leave = (): void => this.#listener.onGone();
}
