/** The reconnect core over the platform's WebSocket: for pages, workers, and runtimes that have one. */
import type { ReconnectOptions } from "../client/reconnect-options.ts";
import { Reconnector } from "../client/reconnector.ts";
import { systemClock } from "../client/session.ts";
import type { BrowserSession } from "./browser-session.ts";
import { openWebSocket } from "./open-websocket.ts";
import type { WebSocketConstructor } from "./websocket-like.ts";

/** Where to connect; `refresh` may replace any part of it. Pages cannot set headers: a token goes into the URL. */
export interface BrowserTarget {
  readonly url: string | URL;
  readonly subprotocols: readonly string[];
}

/** What tells whether the machine has a network: a page's `window`. */
export interface NetworkEvents {
  addEventListener(type: "online" | "offline", listener: () => void): void;
  removeEventListener(type: "online" | "offline", listener: () => void): void;
}

export interface ReconnectingWebSocketOptions extends ReconnectOptions<BrowserSession, BrowserTarget> {
  readonly subprotocols?: readonly string[];
  /** Default: the global one. */
  readonly webSocket?: WebSocketConstructor;
  /** Default 10 s. */
  readonly connectTimeoutMs?: number;
  /** Default: `window`, where there is one. */
  readonly networkEvents?: NetworkEvents;
}

const defaultConnectTimeoutMs = 10_000;

/** Opens a connection with `start` and opens another whenever it is lost and that makes sense. */
export class ReconnectingWebSocket extends Reconnector<BrowserSession, BrowserTarget> {
  readonly #networkEvents: NetworkEvents | undefined;
  readonly #onOnline = (): void => this.goOnline();
  readonly #onOffline = (): void => this.goOffline();

  /** @throws TypeError where there is no WebSocket and none is given. */
  constructor(url: string | URL, options: ReconnectingWebSocketOptions = {}) {
    // Typed by hand: this file is compiled without the DOM's types.
    const platform = globalThis as { WebSocket?: WebSocketConstructor; window?: Partial<NetworkEvents> };
    const constructor = options.webSocket ?? platform.WebSocket;
    if (constructor === undefined) {
      throw new TypeError("this platform has no WebSocket: pass one as options.webSocket");
    }
    const { connectTimeoutMs = defaultConnectTimeoutMs, clock = systemClock } = options;
    super(
      { url, subprotocols: options.subprotocols ?? [] },
      (target, listeners, signal) =>
        openWebSocket(
          {
            constructor,
            url: String(target.url),
            subprotocols: target.subprotocols,
            connectTimeoutMs,
            schedule: (callback, delayMs) => clock.schedule(callback, delayMs),
          },
          listeners,
          signal,
        ),
      options,
    );
    this.#networkEvents = options.networkEvents ?? findNetworkEvents(platform.window);
  }

  override start(): this {
    this.#watchNetwork();
    return super.start();
  }

  override reconnect(): void {
    this.#watchNetwork();
    super.reconnect();
  }

  override stop(code?: number, reason?: string): void {
    super.stop(code, reason);
    this.#networkEvents?.removeEventListener("online", this.#onOnline);
    this.#networkEvents?.removeEventListener("offline", this.#onOffline);
  }

  #watchNetwork(): void {
    this.#networkEvents?.addEventListener("online", this.#onOnline);
    this.#networkEvents?.addEventListener("offline", this.#onOffline);
  }
}

function findNetworkEvents(window: Partial<NetworkEvents> | undefined): NetworkEvents | undefined {
  return window?.addEventListener && window.removeEventListener ? (window as NetworkEvents) : undefined;
}
