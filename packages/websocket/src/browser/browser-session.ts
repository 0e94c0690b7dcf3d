/** An open WebSocket of the platform, as the reconnect core and the application hold it. No ping: pages cannot send one. */
import type { Session, SessionSendResult } from "../client/session.ts";
import { engineFailures } from "../failures/engine-failures.ts";
import { FailureError } from "../failures/failure.ts";
import { closeCodes, isApplicationCloseCode } from "../protocol/close-codes.ts";
import { openReadyState, type WebSocketLike } from "./websocket-like.ts";

/** Payload bytes waiting in the platform from which `send` answers `queued`, and above which it answers `dropped`. */
const highWaterBytes = 64 * 1024;
const maxBufferedBytes = 1024 * 1024;

export class BrowserSession implements Session {
  readonly #socket: WebSocketLike;

  /** @internal */
  constructor(socket: WebSocketLike) {
    this.#socket = socket;
  }

  get isOpen(): boolean {
    return this.#socket.readyState === openReadyState;
  }

  /** The agreed subprotocol, or an empty string. */
  get subprotocol(): string {
    return this.#socket.protocol;
  }

  /** Payload bytes that the platform has not sent yet. */
  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  /** Sends one message. `dropped` above 1 MiB of waiting payload: the platform itself would buffer without end. */
  send(data: string | Uint8Array): SessionSendResult {
    if (!this.isOpen) return "closed";
    const { bufferedAmount } = this.#socket;
    if (bufferedAmount > 0 && bufferedAmount + data.length > maxBufferedBytes) return "dropped";
    // A view of shared memory, which the type rules out, the platform itself refuses with a TypeError.
    this.#socket.send(data as string | Uint8Array<ArrayBuffer>);
    return this.#socket.bufferedAmount <= highWaterBytes ? "sent" : "queued";
  }

  /**
   * Starts the closing handshake.
   * @throws FailureError `close-code-not-allowed` for a code other than 1000 and 3000–4999, `close-reason-too-long` above
   * 123 bytes of UTF-8.
   */
  close(code: number = closeCodes.normal, reason = ""): void {
    if (!isApplicationCloseCode(code)) {
      throw new FailureError(engineFailures.create("close-code-not-allowed", { code }));
    }
    const reasonBytes = new TextEncoder().encode(reason).length;
    if (reasonBytes > maxReasonBytes) {
      throw new FailureError(engineFailures.create("close-reason-too-long", { reasonBytes }));
    }
    this.#socket.close(code, reason);
  }
}

/** RFC 6455 §5.5: 125 less the code. */
const maxReasonBytes = 123;
