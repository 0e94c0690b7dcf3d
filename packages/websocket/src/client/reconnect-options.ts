/** What a reconnecting client can be told, in Node and in a browser alike. Pure types and numbers. */
import type { Failure } from "../failures/failure.ts";
import type { BackoffSettings } from "./backoff.ts";
import type { OfflineQueueSettings } from "./offline-queue.ts";
import type { RetryPolicy, RetryTable } from "./retry-policy.ts";
import type { AttemptFailure, Loss, ReconnectClock, Session, SessionEnd } from "./session.ts";

/**
 * `idle`: not started, or asleep until a message has to be sent. `connecting`: up to the end of the onReconnect hook.
 * `waiting`: for the next attempt. `stopped`: by `stop`, or since another attempt would be in vain.
 */
export type ReconnectState = "idle" | "connecting" | "open" | "waiting" | "stopped";

/** A connection that has just opened. */
export interface Opening {
  /** Whether none was open before. */
  readonly isFirst: boolean;
  /** Aborted when the connection ends while the hook runs, and on `stop`. */
  readonly signal: AbortSignal;
}

export interface Waiting {
  readonly loss: Loss;
  /** Infinity while the machine is offline. */
  readonly delayMs: number;
  /** In a row, since the last stable connection. */
  readonly failedAttempts: number;
}

/** Why there will be no more attempts; without a failure `stop` was called. */
export interface StopReport {
  readonly failure?: Failure;
  /** The last loss. */
  readonly loss?: Loss;
}

/** What the application does with what happens. An error that one throws is reported as `message-unhandled-exception`. */
export interface ReconnectHandlers<S extends Session> {
  /** After the hook, and after what was held is sent. */
  open?(session: S): void;
  message?(data: string | Uint8Array): void | Promise<void>;
  waiting?(waiting: Waiting): void;
  stopped?(report: StopReport): void;
  state?(state: ReconnectState): void;
  /** Something to log: a lost message, a hook that threw (its error is the `cause`), a server that flaps. */
  failure?(failure: Failure, cause?: unknown): void;
}

export interface ReconnectSettings {
  readonly backoff: BackoffSettings;
  /** Age from which a connection that received anything counts as a success: only then waits start small again. */
  readonly stableAfterMs: number;
  /** Failed attempts in a row; then `reconnect-exhausted`. */
  readonly maxAttempts: number;
  /** Time since the first failed attempt, or since the loss; then `reconnect-exhausted`. */
  readonly maxElapsedMs: number;
  /** For `refresh` and `onReconnect`. */
  readonly hookTimeoutMs: number;
  readonly retryTable: RetryTable;
}

export interface ReconnectOptions<S extends Session, Target>
  extends Partial<Omit<ReconnectSettings, "backoff">> {
  readonly backoff?: Partial<BackoffSettings>;
  readonly handlers?: ReconnectHandlers<S>;
  /** Asked before the table; what it leaves undefined the table decides. */
  readonly retry?: RetryPolicy;
  /** Come back after 1000 and 1005 as well. */
  readonly reconnectOnCleanClose?: boolean;
  /** Keep what is sent while no connection is open; default off. */
  readonly offlineQueue?: boolean | Partial<OfflineQueueSettings>;
  /** Before each attempt: a new URL, token or header. A 401 or 403 is retried once if this is given. */
  refresh?(context: {
    readonly loss: Loss | undefined;
    readonly signal: AbortSignal;
  }): Partial<Target> | undefined | Promise<Partial<Target> | undefined>;
  /**
   * On every connection, the first included, before anything else is sent: authenticate, resubscribe. Messages that come
   * meanwhile go to the handler. Throwing closes with 1000 and counts as a failed attempt.
   */
  onReconnect?(session: S, opening: Opening): void | Promise<void>;
  /** For tests. */
  readonly clock?: ReconnectClock;
}

export interface SessionListeners {
  message(data: string | Uint8Array): void | Promise<void>;
  /** Once, for a session that was open. */
  ended(end: SessionEnd): void;
}

export type DialResult<S> =
  | { readonly ok: true; readonly session: S }
  | ({ readonly ok: false } & AttemptFailure);

/** Opens one connection. Never rejects; resolves soon after an abort. */
export type Dialer<S extends Session, Target> = (
  target: Target,
  listeners: SessionListeners,
  signal: AbortSignal,
) => Promise<DialResult<S>>;
