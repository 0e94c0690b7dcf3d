/**
 * Carries the bytes of one connection between client and target, unchanged, and as fast as the slower side takes them.
 * Ends and resets are passed on as they happened. What passes is shown to an observer and a recorder, which cannot
 * change it. Started by the tap server once both sides stand.
 */
import type { Role } from "@antiphon/websocket";
import type { CapturedConnection } from "./capture-file.ts";
import type { ConnectionObserver } from "./connection-observer.ts";
import type { HostRewriter } from "./host-rewrite.ts";
import { escapeUnsafe } from "../cli/safe-text.ts";
import type { TappedSocket } from "./tapped-socket.ts";

export interface RelayParts {
  readonly sockets: Readonly<Record<Role, TappedSocket>>;
  readonly observer: ConnectionObserver;
  readonly capture: CapturedConnection | undefined;
  /** Changes the client's request; `undefined` leaves every byte as it is. */
  readonly rewriter: HostRewriter | undefined;
  readonly onClosed: () => void;
}

/** Starts carrying. The observer hears of everything before the other side does. */
export function startRelay(parts: RelayParts): void {
  let openSides = 2;
  const closeSide = (): void => {
    openSides -= 1;
    if (openSides === 0) parts.onClosed();
  };
  for (const from of ["client", "server"] as const) carry(parts, from, closeSide);
}

function carry(parts: RelayParts, from: Role, onClosed: () => void): void {
  const { sockets, observer, capture } = parts;
  const rewriter = from === "client" ? parts.rewriter : undefined;
  const source = sockets[from];
  const sink = sockets[from === "client" ? "server" : "client"];

  const write = (bytes: Uint8Array): void => {
    if (bytes.length === 0 || sink.stream.destroyed) return;
    if (!sink.stream.write(bytes)) source.stream.pause();
  };
  source.stream.on("data", (chunk: Buffer) => {
    observer.passed(from, chunk);
    capture?.data(from, chunk);
    if (rewriter === undefined) {
      write(chunk);
      return;
    }
    const { bytes, rewritten } = rewriter.push(chunk);
    for (const { name, before, after } of rewritten) {
      observer.note(`rewritten for the target: ${name} ${escapeUnsafe(before)} became ${after}`);
    }
    write(bytes);
  });
  sink.stream.on("drain", () => source.stream.resume());
  source.stream.on("end", () => {
    observer.ended(from, "fin");
    capture?.end(from, "fin");
    if (rewriter) write(rewriter.end());
    sink.stream.end();
  });
  // The socket closes after an error; whatever it was, the connection is cut without an orderly end.
  source.stream.on("error", () => {
    observer.ended(from, "reset");
    capture?.end(from, "reset");
    sink.reset();
  });
  source.stream.on("close", onClosed);
}
