/** What an examination is told, and the run of one stage with its deadline: shared by all the steps. */
import { type Failure, FailureError } from "@antiphon/websocket";
import {
  ConnectAttempt,
  type ConnectStage,
  type DialledHost,
  nameTimeout,
} from "@antiphon/websocket/inspect";
import type { HeaderLine } from "@antiphon/websocket/inspect";

/** What to examine, and how. */
export interface ExamineOptions {
  readonly url: string;
  /** For each stage of the opening, for each answer that is waited for. */
  readonly timeoutMs: number;
  readonly headers: readonly HeaderLine[];
  readonly origin?: string;
  readonly subprotocols: readonly string[];
  /** Goes on with a certificate that is not valid. */
  readonly insecure: boolean;
  /** An authority to trust beside the system's, in PEM. */
  readonly ca?: string;
  /** `"environment"`, or the URL of a proxy. */
  readonly proxy?: string;
  /** How long to wait for a message that the server sends by itself. */
  readonly firstFrameMs: number;
  /** Silence to keep, 0 for none. */
  readonly idleMs: number;
  /** Sends an unmasked frame over a connection of its own. */
  readonly probeStrictness: boolean;
  /** Treats the server as one of the Pusher protocol even if the path is not /app/KEY. */
  readonly pusher: boolean;
  readonly appId?: string;
  readonly key?: string;
  readonly secret?: string;
  /** Where the HTTP API is, if not beside the WebSocket. */
  readonly apiUrl?: string;
}

/** What a stage gave, and how long it took. */
export type StageResult<T> =
  | { readonly ok: true; readonly value: T; readonly ms: number }
  | { readonly ok: false; readonly failure: Failure; readonly ms: number };

/** Runs one stage with a deadline of its own. Whatever socket it holds is destroyed if it fails. */
export async function runStage<T>(
  stage: ConnectStage,
  dialled: DialledHost,
  timeoutMs: number,
  run: (attempt: ConnectAttempt) => Promise<T>,
): Promise<StageResult<T>> {
  const attempt = new ConnectAttempt({
    timeoutMs,
    signal: undefined,
    nameTimeout: (reached, limitMs) => nameTimeout(reached, dialled, limitMs),
  });
  const startedAt = performance.now();
  try {
    attempt.enter(stage);
    const value = await run(attempt);
    return { ok: true, value, ms: performance.now() - startedAt };
  } catch (error) {
    attempt.destroy();
    if (!(error instanceof FailureError)) throw error;
    return { ok: false, failure: error.failure, ms: performance.now() - startedAt };
  } finally {
    attempt.finish();
  }
}
