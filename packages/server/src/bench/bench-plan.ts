/** What `antiphon bench` is to do, and the refusal to do it to a server that is not one's own. */
import { isLoopback } from "../config/loopback.ts";
import type { PusherTarget } from "../pusher-client/pusher-target.ts";

export interface BenchPlan {
  /** A Pusher server, or the URL of one that echoes. */
  readonly target: PusherTarget | { readonly echoUrl: string };
  readonly connections: number;
  /** Handshakes under way at once. */
  readonly concurrency: number;
  readonly durationMs: number;
  /** Publishes a second; for an echo server messages a second of all connections together. 0 only connects. */
  readonly perSecond: number;
  /** Of the data of an event. */
  readonly bytes: number;
  readonly channel: string;
  readonly insecure: boolean;
  /** Ends the run early; what was measured until then is reported. */
  readonly signal: AbortSignal;
}

/** The least data that holds what is measured. */
export const minDataBytes = 64;
/** For one handshake with greeting and subscription, and for what is under way at the end. */
export const answerTimeoutMs = 10_000;

/** Whether a URL leads to this machine; load on any other needs the owner's word. */
export function isOwnMachine(url: string): boolean {
  return isLoopback(new URL(url).hostname);
}
