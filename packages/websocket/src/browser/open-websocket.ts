/**
 * One attempt with the platform's WebSocket. WHATWG forbids to tell a page why a handshake failed, so the failure can only
 * say where to look; what can be told, such as a forbidden URL, has its own name.
 */
import type { DialResult, SessionListeners } from "../client/reconnect-options.ts";
import { engineFailures } from "../failures/engine-failures.ts";
import type { Failure } from "../failures/failure.ts";
import { closeCodes } from "../protocol/close-codes.ts";
import { BrowserSession } from "./browser-session.ts";
import type { WebSocketConstructor, WebSocketLike } from "./websocket-like.ts";

export interface OpenOptions {
  readonly constructor: WebSocketConstructor;
  readonly url: string;
  readonly subprotocols: readonly string[];
  readonly connectTimeoutMs: number;
  /** Calls back once; the result cancels that. */
  readonly schedule: (callback: () => void, delayMs: number) => () => void;
}

/** Opens one connection. Never rejects. */
export function openWebSocket(
  options: OpenOptions,
  listeners: SessionListeners,
  signal: AbortSignal,
): Promise<DialResult<BrowserSession>> {
  const socket = construct(options);
  if ("name" in socket) return Promise.resolve({ ok: false, failure: socket });
  return new Promise((resolve) => {
    let state: "connecting" | "open" | "done" = "connecting";
    let hasReceived = false;
    const finish = (result: DialResult<BrowserSession>): void => {
      state = result.ok ? "open" : "done";
      cancelTimeout();
      signal.removeEventListener("abort", abort);
      resolve(result);
    };
    const giveUp = (failure: Failure): void => {
      finish({ ok: false, failure });
      socket.close();
    };
    const abort = (): void => giveUp(engineFailures.create("connect-aborted-by-caller"));
    const { connectTimeoutMs } = options;
    const cancelTimeout = options.schedule(() => {
      giveUp(engineFailures.create("response-timeout", { timeoutMs: connectTimeoutMs }));
    }, connectTimeoutMs);
    signal.addEventListener("abort", abort);

    socket.binaryType = "arraybuffer";
    socket.addEventListener("open", () => {
      if (state === "connecting") finish({ ok: true, session: new BrowserSession(socket) });
    });
    socket.addEventListener("message", ({ data }) => {
      hasReceived = true;
      if (typeof data === "string") void listeners.message(data);
      else if (data instanceof ArrayBuffer) void listeners.message(new Uint8Array(data));
    });
    socket.addEventListener("close", ({ code = closeCodes.noStatus, reason = "" }) => {
      const failure = code === closeCodes.abnormal ? engineFailures.create("close-without-frame") : undefined;
      if (state === "open") listeners.ended({ code, reason, failure, hasReceived });
      else if (state === "connecting") {
        finish({ ok: false, failure: engineFailures.create("browser-connect-failed") });
      }
      state = "done";
    });
    // `close` follows and says as much as there is; but `ws` throws where nobody listens.
    socket.addEventListener("error", () => {});
  });
}

function construct({ constructor, url, subprotocols }: OpenOptions): WebSocketLike | Failure {
  try {
    return new constructor(url, [...subprotocols]);
  } catch (error) {
    const name = error instanceof Error ? error.name : "";
    return name === "SecurityError"
      ? engineFailures.create("mixed-content-blocked")
      : engineFailures.create("url-invalid", { problem: "the platform's WebSocket does not take it" });
  }
}
