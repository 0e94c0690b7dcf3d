/** Clients that come too often, or send too much before they are let in. Every entry explains itself without evidence. */
import { defineFailure } from "./failure.ts";

const refused = {
  phase: "request",
  faults: ["client"],
  certainty: "proved",
  severity: "fatal",
} as const;

export const admissionRateFailures = {
  "handshake-rate-limited": defineFailure<{ perSecond?: number; retryAfterSeconds?: number }>({
    ...refused,
    spec: "RFC 6585 §4",
    httpStatus: 429,
    retry: "backoff",
    explain: ({ perSecond }) =>
      perSecond === undefined
        ? "The client attempts too many handshakes."
        : `The client attempts more than ${perSecond} handshakes a second.`,
    fix: "Add exponential backoff with jitter to the client.",
  }),
  "early-data-too-large": defineFailure<{ bytes?: number; limit?: number }>({
    ...refused,
    spec: "RFC 6455 §4.1, §10.4",
    httpStatus: 400,
    retry: "after-change",
    explain: ({ bytes, limit }) =>
      `The client sent ${bytes ?? "too many"} bytes before its handshake was answered${limit === undefined ? "" : `; the limit is ${limit}`}.`,
    fix: "Wait for the 101 before sending; the client floods before it is accepted.",
  }),
} as const;
