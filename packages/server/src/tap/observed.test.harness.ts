/** Drives a connection observer without sockets: bytes and ends in, the events and the printed lines out. */
import type { Role } from "@antiphon/websocket";
import { computeAccept } from "@antiphon/websocket/frames";
import { plainStyle } from "../cli/text-style.ts";
import { ConnectionObserver } from "./connection-observer.ts";
import type { PayloadDisplay } from "./observer-options.ts";
import { renderEvent } from "./render-event.ts";
import type { EndEvent, Finding, FrameEvent, TapEvent } from "./tap-event.ts";

const key = "dGhlIHNhbXBsZSBub25jZQ==";

export const upgradeRequest = [
  "GET /app/app-key?protocol=7 HTTP/1.1",
  "Host: ws.example.com",
  "Upgrade: websocket",
  "Connection: Upgrade",
  `Sec-WebSocket-Key: ${key}`,
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Extensions: permessage-deflate",
  "",
  "",
].join("\r\n");

/** A right answer, with more header lines behind. */
export function switchProtocols(...lines: readonly string[]): string {
  const head = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"];
  return [...head, `Sec-WebSocket-Accept: ${computeAccept(key)}`, ...lines, "", ""].join("\r\n");
}

export class ObservedConnection {
  readonly events: TapEvent[] = [];
  readonly observer: ConnectionObserver;
  nowMs = 0;

  constructor(display: PayloadDisplay = "short") {
    this.observer = new ConnectionObserver(1, {
      display,
      targetHost: "ws.example.com",
      now: () => this.nowMs,
      emit: (event) => void this.events.push(event),
    });
    this.observer.opened("127.0.0.1:50000", "127.0.0.1:6001");
  }

  /** With the handshake behind it; what that told is forgotten. */
  static open(...answerLines: readonly string[]): ObservedConnection {
    const connection = new ObservedConnection();
    connection.pass("client", upgradeRequest);
    connection.pass("server", switchProtocols(...answerLines));
    connection.events.length = 0;
    return connection;
  }

  /** Text is sent as Latin-1, so that hex escapes stand for bytes. */
  pass(from: Role, bytes: Uint8Array | string): void {
    this.observer.passed(from, typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  }

  passHex(from: Role, hex: string): void {
    this.pass(from, Buffer.from(hex.replaceAll(" ", ""), "hex"));
  }

  /** Both sides end, the given one first. */
  end(first: Role, how: "fin" | "reset" = "fin"): EndEvent {
    this.observer.ended(first, how);
    if (how === "fin") this.observer.ended(first === "client" ? "server" : "client", "fin");
    this.observer.closed();
    const last = this.events.at(-1);
    if (last?.type !== "end") throw new Error("the end was not told");
    return last;
  }

  get frames(): FrameEvent[] {
    return this.events.filter((event) => event.type === "frame");
  }

  /** All findings, on frames and between them. */
  get findings(): Finding[] {
    return this.events.flatMap((event) => {
      if (event.type === "finding") return [event];
      return event.type === "frame" ? event.findings : [];
    });
  }

  get findingNames(): string[] {
    return this.findings.map(({ failure }) => failure.name);
  }

  /** As printed on something that is no terminal. */
  get lines(): string {
    return this.events.map((event) => renderEvent(event, plainStyle)).join("");
  }
}
