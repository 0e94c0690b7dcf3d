/** An open connection that is only watched: what comes is kept in order with its time, and can be waited for. */
import { randomUUID } from "node:crypto";
import {
  type CloseReport,
  defaultConnectionSettings,
  type Failure,
  WebSocketConnection,
} from "@antiphon/websocket";
import { defaultClientDeflate, TimerWheel } from "@antiphon/websocket/inspect";
import type { OpenedHandshake } from "./exchange-handshake.ts";

/** Something that the server did. */
export type Occurrence =
  | { readonly type: "message"; readonly data: string | Uint8Array }
  | { readonly type: "ping" }
  | { readonly type: "pong" }
  | { readonly type: "warning"; readonly failure: Failure }
  | { readonly type: "closed"; readonly report: CloseReport };

/** Kept for those who ask later; a server that floods is not kept whole. */
const maxKept = 1000;
const closeTimeoutMs = 3000;

const wheel = new TimerWheel();

type Waiter = (occurrence: Occurrence) => boolean;

export class ObservedConnection {
  /** Resolves with the end of the connection. */
  readonly closed: Promise<CloseReport>;
  readonly #connection: WebSocketConnection;
  readonly #opened: OpenedHandshake;
  /** What nobody has taken yet. */
  #kept: Occurrence[] = [];
  #waiters = new Set<Waiter>();
  #end: CloseReport | undefined;
  #resolveClosed: (report: CloseReport) => void = () => {};

  constructor(opened: OpenedHandshake, timeoutMs: number) {
    this.#opened = opened;
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    this.#connection = new WebSocketConnection({
      id: randomUUID(),
      role: "client",
      socket: opened.socket,
      subprotocol: opened.agreed.subprotocol,
      deflate: opened.agreed.deflate,
      data: undefined,
      host: {
        handlers: {
          message: (_, data) => this.#take({ type: "message", data }),
          ping: () => this.#take({ type: "ping" }),
          pong: () => this.#take({ type: "pong" }),
          warning: (_, failure) => this.#take({ type: "warning", failure }),
          close: (_, report) => {
            this.#end = report;
            this.#take({ type: "closed", report });
            this.#resolveClosed(report);
          },
        },
        // Nothing is sent that was not asked for: silence is part of what is examined.
        settings: {
          ...defaultConnectionSettings,
          pingIntervalMs: 0,
          closeTimeoutMs: Math.min(timeoutMs, closeTimeoutMs),
          maxMessageBytes: 16_777_216,
        },
        compression: defaultClientDeflate,
        wheel,
        onClosed: () => {},
        report: () => {},
      },
    });
    this.#connection.start(opened.rest);
    opened.socket.resume();
  }

  /** How the connection ended; `undefined` while it is open. */
  get end(): CloseReport | undefined {
    return this.#end;
  }

  get ageMs(): number {
    return this.#connection.ageMs;
  }

  send(text: string): void {
    this.#connection.send(text);
  }

  /** The round trip of a ping in milliseconds; rejects if the connection ends before the pong. */
  ping(): Promise<number> {
    return this.#connection.ping();
  }

  /** Writes past the framing, onto the socket. */
  writeRaw(bytes: Uint8Array): void {
    this.#opened.socket.write(bytes);
  }

  close(): void {
    this.#connection.close(1000);
  }

  terminate(): void {
    this.#connection.terminate();
  }

  /**
   * Takes the first occurrence that `isWanted`, of those that came and of those to come; others are left for later.
   * `undefined` if none comes in time. The end of the connection is always wanted.
   */
  next(
    timeoutMs: number,
    isWanted: (occurrence: Occurrence) => boolean = () => true,
  ): Promise<Occurrence | undefined> {
    const index = this.#kept.findIndex((each) => each.type === "closed" || isWanted(each));
    if (index >= 0) {
      const [occurrence] =
        this.#kept[index]?.type === "closed" ? [this.#kept[index]] : this.#kept.splice(index, 1);
      return Promise.resolve(occurrence);
    }
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#waiters.delete(waiter);
        resolve(undefined);
      }, timeoutMs);
      const waiter: Waiter = (occurrence) => {
        if (occurrence.type !== "closed" && !isWanted(occurrence)) return false;
        clearTimeout(timer);
        this.#waiters.delete(waiter);
        resolve(occurrence);
        return true;
      };
      this.#waiters.add(waiter);
    });
  }

  #take(occurrence: Occurrence): void {
    let isTaken = false;
    // The end is told to everybody who waits, anything else to the first who wants it.
    for (const waiter of this.#waiters) {
      if (isTaken && occurrence.type !== "closed") break;
      isTaken = waiter(occurrence) || isTaken;
    }
    if (!isTaken || occurrence.type === "closed") this.#kept.push(occurrence);
    if (this.#kept.length > maxKept) this.#kept.shift();
  }
}
