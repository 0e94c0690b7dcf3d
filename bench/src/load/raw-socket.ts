/**
 * TCP for the load generator, as cheap as Node has it: all sockets read into one buffer, and nothing is parsed unless the
 * scenario needs it.
 */
import { connect, type Socket } from "node:net";

const readBuffer = Buffer.allocUnsafeSlow(1024 * 1024);
/** One address has 28,000 ports, and each is unusable for a minute after a connection. Loopback has many addresses. */
const sourceAddresses = 24;
let opened = 0;

export interface RawSocketHandlers {
  onOpen(socket: Socket): void;
  /** The first `length` bytes of `buffer` arrived. They are only there until this returns. */
  onBytes(socket: Socket, length: number, buffer: Buffer): void;
  onEnd?(socket: Socket): void;
}

/** Opens a connection to loopback. `spreads` takes another source address each time. */
export function openRawSocket(port: number, handlers: RawSocketHandlers, spreads = false): Socket {
  opened += 1;
  const socket = connect({
    port,
    host: "127.0.0.1",
    noDelay: true,
    ...(spreads && { localAddress: `127.0.0.${2 + (opened % sourceAddresses)}` }),
    onread: {
      buffer: readBuffer,
      callback(length) {
        handlers.onBytes(socket, length, readBuffer);
        return true;
      },
    },
  });
  socket.on("connect", () => handlers.onOpen(socket));
  // What a connection dies of shows as units that are missing.
  socket.on("error", () => {});
  if (handlers.onEnd) socket.on("close", () => handlers.onEnd?.(socket));
  return socket;
}
