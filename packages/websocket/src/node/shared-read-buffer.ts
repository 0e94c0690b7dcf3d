/**
 * One read buffer for all plain sockets of the process. Node otherwise allocates 64 KiB for each read and trims it to what
 * came, which is the largest single cost of a small message. `net.Socket` offers the same as its option `onread`, but only
 * to whoever constructs the socket, and ours come from an HTTP server. So this file, and no other, sets what that option
 * sets, on a socket that is open: two properties, and the handle's buffer. Everything else (end, errors, pause, resume)
 * stays Node's own code for `onread`.
 *
 * It looks once whether this Node is as expected, and does nothing otherwise: the connection then gets `data` events.
 */
import { type ConnectOpts, Socket, type SocketConstructorOpts } from "node:net";
import type { Duplex } from "node:stream";

/** Majors on which the engine's tests were run with this buffer, and none failed because of it. */
const testedMajors: readonly number[] = [20, 22, 24];
const bufferBytes = 64 * 1024;

/** Takes `buffer[0, length)`, which is only lent until it returns. Called with the socket as `this`. */
export type LentBytesTaker = (this: Duplex, length: number, buffer: Uint8Array) => void;

interface OnReadSwitch {
  readonly buffer: Buffer;
  readonly bufferKey: symbol;
  readonly takerKey: symbol;
}

/** A socket that is known to have the properties that were found on another one. */
interface SwitchableSocket {
  _handle?: { useUserBuffer?: (buffer: Uint8Array) => void } | null;
  [key: symbol]: unknown;
}

const takeNothing = (): boolean => true;

let found: OnReadSwitch | null | undefined;

/**
 * Makes a socket read into the shared buffer from now on. False, and nothing is changed, if that is not possible: TLS, a
 * stream that stands in for a socket, bytes that wait in it already, or a Node that it was not tested on.
 */
export function readIntoSharedBuffer(socket: Duplex, take: LentBytesTaker): boolean {
  const isPlainSocket = Object.getPrototypeOf(socket) === Socket.prototype;
  if (!isPlainSocket || socket.readableLength > 0 || socket.destroyed) return false;
  found ??= findSwitch() ?? null;
  if (found === null) return false;
  // The class was checked, and `findSwitch` has seen the properties on another object of it.
  const switchable = socket as unknown as SwitchableSocket;
  // oxlint-disable-next-line no-underscore-dangle -- Node's name for it
  const handle = switchable._handle;
  if (typeof handle?.useUserBuffer !== "function" || switchable[found.bufferKey] !== null) return false;
  switchable[found.bufferKey] = found.buffer;
  switchable[found.takerKey] = take;
  handle.useUserBuffer(found.buffer);
  return true;
}

/** Finds the properties by what the public option puts into them. */
function findSwitch(): OnReadSwitch | undefined {
  if (process.env["ANTIPHON_SHARED_READ_BUFFER"] === "off") return undefined;
  if (!testedMajors.includes(Number.parseInt(process.versions.node, 10))) return undefined;
  // Never freed: the kernel writes into it for as long as any socket is open. Not of Buffer's pool, which others share.
  const buffer = Buffer.allocUnsafeSlow(bufferBytes);
  // @types/node knows the option for `connect` only, the documentation for both.
  const options: SocketConstructorOpts & Pick<ConnectOpts, "onread"> = {
    onread: { buffer, callback: takeNothing },
  };
  const probe = new Socket(options);
  // Both are only looked at: what their symbols hold is what is to be found out.
  const properties = probe as unknown as SwitchableSocket;
  const keys = Object.getOwnPropertySymbols(probe);
  const bufferKey = keys.find((key) => properties[key] === buffer);
  const takerKey = keys.find((key) => properties[key] === takeNothing);
  const plain = new Socket() as unknown as SwitchableSocket;
  if (bufferKey === undefined || takerKey === undefined || plain[bufferKey] !== null) return undefined;
  return { buffer, bufferKey, takerKey };
}
