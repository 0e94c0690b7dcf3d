/**
 * Several connections to one server fail for the same reason, and each says so: the first is heard, and the others are not for a
 * while. Wraps what they report to.
 */
import type { Failure } from "@antiphon/websocket";
import type { Now } from "../pusher/scheduler.ts";

/** In this time the same is not told again. */
const quietMs = 60_000;

/** More are not remembered; forgetting one can only repeat it. */
const maxRemembered = 100;

/** Passes on what is not, to the letter, what was passed on a moment ago. */
export function reportOnce(report: (failure: Failure) => void, now: Now): (failure: Failure) => void {
  /** Oldest first. */
  const toldAtMs = new Map<string, number>();
  return (failure) => {
    const nowMs = now();
    for (const [message, atMs] of toldAtMs) {
      if (nowMs - atMs < quietMs) break;
      toldAtMs.delete(message);
    }
    if (toldAtMs.has(failure.message)) return;
    const [oldest] = toldAtMs.keys();
    if (oldest !== undefined && toldAtMs.size === maxRemembered) toldAtMs.delete(oldest);
    toldAtMs.set(failure.message, nowMs);
    report(failure);
  };
}
