/**
 * Ties an open socket to the connection that owns it from then on: what happens to the socket becomes a call of the owner.
 * One set of listeners serves all sockets; closures of their own would be a third of an idle connection's memory.
 */
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { readIntoSharedBuffer } from "./shared-read-buffer.ts";

/** What an owner is told of its socket. */
export interface SocketOwner {
  /**
   * Bytes arrived, `bytes[0, length)`. The owner may change them; if they are lent, it has to copy before it returns what it
   * still needs.
   */
  receive(bytes: Uint8Array, length: number, isLent: boolean): void;
  /** The peer ended its half of TCP. */
  receiveFin(): void;
  /** The socket failed; `finish` follows. */
  receiveError(error: NodeJS.ErrnoException): void;
  /** The socket takes bytes again. */
  drain(): void;
  /** The socket is closed for good. */
  finish(): void;
}

export interface AdoptionOptions {
  readonly useSharedBuffer: boolean;
  readonly hasHeartbeat: boolean;
}

/** A backstop for connections without heartbeat. */
const keepAliveMs = 30_000;

const ownerOf: unique symbol = Symbol("owner");

type OwnedSocket = Duplex & Partial<Socket> & { [ownerOf]?: SocketOwner };

/** Makes `owner` the owner. Bytes come to it as soon as the event loop gets to read, unless the socket is paused. */
export function adoptSocket(socket: Duplex, owner: SocketOwner, options: AdoptionOptions): void {
  const owned = socket as OwnedSocket;
  owned[ownerOf] = owner;
  // Answers to what a peer sent before its FIN still go out.
  owned.allowHalfOpen = true;
  owned.setNoDelay?.(true);
  // Four system calls, and pings do the same better.
  if (!options.hasHeartbeat) owned.setKeepAlive?.(true, keepAliveMs);
  if (!options.useSharedBuffer || !readIntoSharedBuffer(socket, onLentBytes)) socket.on("data", onData);
  socket.on("end", onEnd);
  socket.on("error", onError);
  socket.on("close", onClose);
  socket.on("drain", onDrain);
}

function onLentBytes(this: Duplex, length: number, buffer: Uint8Array): void {
  (this as OwnedSocket)[ownerOf]?.receive(buffer, length, true);
}

function onData(this: Duplex, chunk: Uint8Array): void {
  (this as OwnedSocket)[ownerOf]?.receive(chunk, chunk.length, false);
}

function onEnd(this: Duplex): void {
  (this as OwnedSocket)[ownerOf]?.receiveFin();
}

function onError(this: Duplex, error: Error): void {
  (this as OwnedSocket)[ownerOf]?.receiveError(error);
}

function onClose(this: Duplex): void {
  (this as OwnedSocket)[ownerOf]?.finish();
}

function onDrain(this: Duplex): void {
  (this as OwnedSocket)[ownerOf]?.drain();
}
