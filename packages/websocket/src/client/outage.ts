/**
 * What went wrong since the last stable connection, and what follows from it: each loss goes in, and out comes whether to
 * wait (and how long), to sleep, or to stop. Counts, no timers; the reconnector acts on it.
 */
import { engineFailures } from "../failures/engine-failures.ts";
import type { Failure } from "../failures/failure.ts";
import { drawBackoff, drawRestartWait, raiseToRetryAfter } from "./backoff.ts";
import { nameReceivedClose } from "./received-close.ts";
import type { ReconnectSettings } from "./reconnect-options.ts";
import { decideRetry, readRetryAfter, type RetryPolicy } from "./retry-policy.ts";
import type { Loss } from "./session.ts";

/** What is true at the moment of a loss. */
export interface LossFacts {
  /** Monotonic milliseconds. */
  readonly now: number;
  /** 0 ≤ x < 1. */
  readonly random: number;
  /** Age of the connection that ended; 0 if none was open. */
  readonly openMs: number;
  /** The machine has no network: a failed attempt is no news. */
  readonly isOffline: boolean;
  /** Fresh credentials can be had. */
  readonly canRefresh: boolean;
  /** Something waits to be sent or resubscribed. */
  readonly isNeeded: boolean;
}

export type LossVerdict =
  | { readonly action: "wait"; readonly delayMs: number; readonly warning?: Failure | undefined }
  | { readonly action: "sleep"; readonly warning?: Failure | undefined }
  | { readonly action: "stop"; readonly failure: Failure; readonly warning?: Failure | undefined };

/** So many short connections in a row are reported as flapping. */
const flappingAfter = 3;

export class Outage {
  readonly #settings: ReconnectSettings;
  readonly #retry: RetryPolicy | undefined;
  #failedAttempts = 0;
  #shortConnections = 0;
  #startedAt = 0;
  #hasTriedRefresh = false;

  constructor(settings: ReconnectSettings, retry: RetryPolicy | undefined) {
    this.#settings = settings;
    this.#retry = retry;
  }

  /** In a row, since the last stable connection. */
  get failedAttempts(): number {
    return this.#failedAttempts;
  }

  /** Forgets all that was: a stable connection was lost, or the application starts anew. */
  begin(now: number): void {
    this.#failedAttempts = 0;
    this.#shortConnections = 0;
    this.#hasTriedRefresh = false;
    this.#startedAt = now;
  }

  judge(loss: Loss, facts: LossFacts): LossVerdict {
    const warning = this.#count(loss, facts);
    const delayMs = this.#chooseDelay(loss, facts);
    if (delayMs === undefined) return { action: "stop", failure: nameLoss(loss), warning };
    if (delayMs === "sleep") return { action: "sleep", warning };
    const { maxAttempts, maxElapsedMs } = this.#settings;
    const elapsedMs = Math.round(facts.now - this.#startedAt);
    if (this.#failedAttempts < maxAttempts && elapsedMs + delayMs <= maxElapsedMs) {
      return { action: "wait", delayMs, warning };
    }
    const evidence = { attempts: this.#failedAttempts, elapsedMs, lastFailure: nameLoss(loss).name };
    return { action: "stop", failure: engineFailures.create("reconnect-exhausted", evidence), warning };
  }

  /** A server that accepts and then closes would otherwise be dialled in a tight loop. */
  #count(loss: Loss, { now, openMs, isOffline }: LossFacts): Failure | undefined {
    const { stableAfterMs } = this.#settings;
    if (loss.type === "ended" && openMs >= stableAfterMs && loss.hasReceived) {
      this.begin(now);
      return undefined;
    }
    if (!isOffline) this.#failedAttempts += 1;
    if (loss.type === "refused") return undefined;
    this.#shortConnections += 1;
    if (this.#shortConnections !== flappingAfter) return undefined;
    const evidence = { opens: flappingAfter, stableAfterMs, lastFailure: nameLoss(loss).name };
    return engineFailures.create("reconnect-flapping", evidence);
  }

  /** Milliseconds; undefined to stop. */
  #chooseDelay(loss: Loss, facts: LossFacts): number | "sleep" | undefined {
    const { backoff, retryTable } = this.#settings;
    const raise = (waitMs: number): number => raiseToRetryAfter(waitMs, readRetryAfter(loss), backoff);
    const drawn = drawBackoff(this.#failedAttempts, facts.random, backoff);
    switch (this.#retry?.(loss) ?? decideRetry(loss, retryTable)) {
      case "backoff":
        return raise(drawn);
      case "restart":
        return raise(drawRestartWait(facts.random, backoff));
      case "now":
        return raise(this.#failedAttempts <= 1 ? 0 : drawn);
      case "refresh":
        if (!facts.canRefresh || this.#hasTriedRefresh) return undefined;
        this.#hasTriedRefresh = true;
        return raise(0);
      case "when-needed":
        return facts.isNeeded ? raise(drawn) : "sleep";
      default:
        return undefined;
    }
  }
}

function nameLoss(loss: Loss): Failure {
  if (loss.type === "refused") return loss.failure;
  return loss.failure ?? nameReceivedClose(loss.code, loss.reason);
}
