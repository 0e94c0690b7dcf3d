/**
 * What the rules for single messages (subscribe, signin, client events) may do with the session they serve.
 */
import type { Failure } from "@antiphon/websocket";
import type { App } from "../apps/app.ts";
import type { HubConnection } from "../channels/hub-connection.ts";
import type { LocalHub } from "../channels/local-hub.ts";

/** Who has signed in. */
export interface SignedInUser {
  readonly id: string;
  /** From `user_data`; `undefined` if there was none. */
  readonly info: unknown;
}

export interface SessionContext extends HubConnection {
  readonly app: App;
  readonly hub: LocalHub;
  readonly draining: boolean;
  user: SignedInUser | undefined;
  send(text: string): void;
  /** Reports a failure that leaves the connection open, and tells the client in `pusher:error`. */
  sendError(code: number | null, failure: Failure, about?: ErrorSubject): void;
  /** As {@link sendError} without a code; too many of these end the connection. */
  refuseMessage(failure: Failure): void;
  /** Reports a failure to the operator only. */
  report(failure: Failure, channel?: string): void;
  /** Ends the connection, with the failure's close code unless another is given. */
  end(failure: Failure, code?: number): void;
  /**
   * The connection has proved that the app's backend knows it, and takes a place among those that count. Where the app has
   * none left, the connection is ended and the answer is `false`. To be called before anything is done for it.
   */
  authorise(): boolean;
  /** Whether a refused signature may be diagnosed: it costs some dozen digests, so it is rationed. */
  mayDiagnose(): boolean;
  /** Whether the rate of client events allows one more. */
  admitClientEvent(): boolean;
}

/** What an error is about. */
export interface ErrorSubject {
  readonly channel?: string;
  /** Sent instead of the failure's own message. */
  readonly message?: string;
}
