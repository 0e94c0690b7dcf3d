/**
 * Whether another attempt makes sense after a loss, as data: a table by HTTP status and close code, over what the
 * catalogue advises for each failure. Replaceable by a table or function of the application's own.
 */
import type { RetryAdvice } from "../failures/failure.ts";
import type { Loss } from "./session.ts";

/**
 * `stop`: it would fail again. `backoff`: wait, longer each time. `now`: at once, and with backoff if that fails. `restart`:
 * after the time that a restart takes. `refresh`: once, with what the refresh hook gives. `when-needed`: with backoff if
 * something waits to be sent or resubscribed, otherwise with the next message.
 */
export type RetryDecision = "stop" | "backoff" | "now" | "restart" | "refresh" | "when-needed";

/** Decides about a loss; undefined leaves it to the default. */
export type RetryPolicy = (loss: Loss) => RetryDecision | undefined;

/** A code or status, or a range with both ends in it. */
type Range = readonly [from: number, to: number];
export type RetryRule = readonly [codes: number | Range, decision: RetryDecision];

/** The first rule that matches counts. */
export interface RetryTable {
  readonly statuses: readonly RetryRule[];
  /** Codes of Close frames that the peer sent, and 1005 for one without. */
  readonly closeCodes: readonly RetryRule[];
}

export const defaultRetryTable: RetryTable = {
  statuses: [
    [401, "refresh"],
    [403, "refresh"],
    [408, "backoff"],
    [425, "backoff"],
    [429, "backoff"],
    [500, "backoff"],
    [[502, 504], "backoff"],
    [[520, 527], "backoff"],
    [530, "backoff"],
    [511, "backoff"],
    [[200, 599], "stop"],
  ],
  closeCodes: [
    [1000, "stop"],
    [1001, "backoff"],
    [1005, "stop"],
    [1006, "backoff"],
    [1011, "backoff"],
    [1012, "restart"],
    [1013, "backoff"],
    [1014, "backoff"],
    [3000, "refresh"],
    [3008, "when-needed"],
    [[1000, 4999], "stop"],
  ],
};

/** The Pusher protocol's ranges: 4000–4099 stop, 4100–4199 back off, 4200–4299 reconnect at once. */
export const pusherRetryTable: RetryTable = {
  statuses: defaultRetryTable.statuses,
  closeCodes: [
    [[4000, 4099], "stop"],
    [[4100, 4199], "backoff"],
    [[4200, 4299], "now"],
    ...defaultRetryTable.closeCodes,
  ],
};

/** A table in which a clean close (1000, 1005) is a reason to come back, too. */
export function reconnectOnCleanClose(table: RetryTable): RetryTable {
  return {
    ...table,
    closeCodes: [[closeCodeNormal, "backoff"], [closeCodeNoStatus, "backoff"], ...table.closeCodes],
  };
}

const closeCodeNormal = 1000;
const closeCodeNoStatus = 1005;

/**
 * Decides by the table. What the table cannot know, since no status and no Close frame came, the failure's own advice
 * decides: a refused TCP connection is worth another attempt, an expired certificate is not.
 */
export function decideRetry(loss: Loss, table: RetryTable): RetryDecision {
  if (loss.type === "refused") {
    const byStatus = loss.status === undefined ? undefined : findRule(table.statuses, loss.status);
    return byStatus ?? followAdvice(loss.failure.retry);
  }
  if (loss.failure) return followAdvice(loss.failure.retry);
  return findRule(table.closeCodes, loss.code) ?? "stop";
}

/** Milliseconds that a Retry-After header, or a hint such as `retry-after=5` in the reason of a 1012 or 1013, asks for. */
export function readRetryAfter(loss: Loss): number | undefined {
  if (loss.type === "refused") return loss.retryAfterMs;
  if (loss.code !== 1012 && loss.code !== 1013) return undefined;
  const seconds = /retry[- ]?after[ :=]+(\d{1,6})/i.exec(loss.reason)?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}

function findRule(rules: readonly RetryRule[], code: number): RetryDecision | undefined {
  for (const [codes, decision] of rules) {
    const [from, to] = typeof codes === "number" ? [codes, codes] : codes;
    if (code >= from && code <= to) return decision;
  }
  return undefined;
}

function followAdvice(advice: RetryAdvice): RetryDecision {
  return advice === "backoff" || advice === "now" ? advice : "stop";
}
