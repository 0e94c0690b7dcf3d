import type { ConnectionSettings } from "@antiphon/websocket";
import type { App } from "../apps/app.ts";

/** The engine's settings for the connections of each app, made once per app. */
export class AppConnectionSettings {
  readonly #byApp = new WeakMap<App, Partial<ConnectionSettings>>();
  readonly #maxMessageBytes: number;

  /** @param maxMessageBytes the server's ceiling, whatever an app allows. */
  constructor(maxMessageBytes: number) {
    this.#maxMessageBytes = maxMessageBytes;
  }

  of(app: App): Partial<ConnectionSettings> {
    let settings = this.#byApp.get(app);
    if (settings === undefined) {
      const { pingIntervalMs, pongTimeoutMs, maxBufferedBytes, maxMessageBytes } = app.connection;
      settings = {
        pingIntervalMs,
        pongTimeoutMs,
        maxBufferedBytes,
        maxMessageBytes: Math.min(maxMessageBytes, this.#maxMessageBytes),
      };
      this.#byApp.set(app, settings);
    }
    return settings;
  }
}
