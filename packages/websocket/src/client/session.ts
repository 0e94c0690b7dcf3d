/**
 * What the reconnect core knows of a connection: the few calls and facts that a Node client and a browser's WebSocket have
 * in common, and the clock that it runs on.
 */
import type { Failure } from "../failures/failure.ts";
import { longestTimerMs } from "./longest-timer.ts";

/** As in `SendResult`, and `held`: it waits in the offline queue for the next connection. */
export type SessionSendResult = "sent" | "queued" | "dropped" | "closed" | "held";

/** An open connection. */
export interface Session {
  send(data: string | Uint8Array): SessionSendResult;
  /** Starts the closing handshake. */
  close(code?: number, reason?: string): unknown;
}

/** How a connection that was open ended. */
export interface SessionEnd {
  /** As in a close report: 1005 and 1006 where there was no code or no Close frame. */
  readonly code: number;
  readonly reason: string;
  /** Why, unless it was an ordinary close of the peer. */
  readonly failure?: Failure | undefined;
  /** Whether anything at all came from the server. */
  readonly hasReceived: boolean;
}

/** An attempt that did not lead to an open connection. */
export interface AttemptFailure {
  readonly failure: Failure;
  /** HTTP status, where the server answered. */
  readonly status?: number | undefined;
  /** From Retry-After. */
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** A reason to think about another attempt. */
export type Loss =
  | ({ readonly type: "refused" } & AttemptFailure)
  | ({ readonly type: "ended" } & SessionEnd);

/** The clock and the dice of the core; tests bring their own. */
export interface ReconnectClock {
  /** Monotonic milliseconds. */
  now(): number;
  /** 0 ≤ x < 1. */
  random(): number;
  /** Calls back once after `delayMs`; the result cancels that. */
  schedule(callback: () => void, delayMs: number): () => void;
}

export const systemClock: ReconnectClock = {
  now: () => performance.now(),
  random: () => Math.random(),
  schedule(callback, delayMs) {
    const timer = setTimeout(callback, Math.min(delayMs, longestTimerMs));
    return () => clearTimeout(timer);
  },
};
