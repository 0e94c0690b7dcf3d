/**
 * What an application's handshake hook can decide or get wrong, and two engines on one HTTP server.
 * Raised by the socket shell around the hook, and by the formatters that refuse what a hook handed over.
 */
import { defineFailure } from "./failure.ts";

const hook = { phase: "request", certainty: "proved", severity: "fatal", retry: "after-change" } as const;

export const hookFailures = {
  "handshake-unauthenticated": defineFailure<{ challenge: string }>({
    ...hook,
    faults: ["client"],
    spec: "RFC 6455 §10.5, RFC 9110 §15.5.2",
    httpStatus: 401,
    explain: () => "The handshake carries no valid credentials.",
    fix: "Send valid credentials; in browsers use a cookie, a ticket in the URL, or the first message.",
  }),
  "handshake-forbidden": defineFailure({
    ...hook,
    faults: ["client"],
    spec: "RFC 9110 §15.5.4",
    httpStatus: 403,
    explain: () => "The handshake hook refused this client.",
    fix: "Grant this user access, or use another account.",
  }),
  "handshake-hook-rejected": defineFailure<{ status: number }>({
    ...hook,
    faults: ["server"],
    spec: "RFC 6455 §4.2.2",
    explain: ({ status }) => `The handshake hook refused the client with status ${status}.`,
    fix: "Read the response body: the application refused on purpose.",
  }),
  "handshake-hook-rejected-without-status": defineFailure<{ status: number }>({
    ...hook,
    faults: ["server"],
    spec: "RFC 6455 §4.2.2",
    explain: ({ status }) => `A handshake cannot be refused with status ${status}.`,
    fix: 'Give the refusal a 3xx (not 304), 4xx or 5xx status; 200 makes every client print "unexpected response code 200".',
  }),
  "handshake-hook-threw": defineFailure({
    ...hook,
    faults: ["server"],
    spec: "RFC 9110 §15.6.1",
    httpStatus: 500,
    retry: "backoff",
    explain: () => "The handshake hook threw an error.",
    fix: "Fix the exception in your handshake hook; see the server log.",
  }),
  "handshake-hook-timeout": defineFailure<{ timeoutMs: number; retryAfterSeconds?: number }>({
    ...hook,
    faults: ["server"],
    spec: "RFC 9110 §15.6.4",
    httpStatus: 503,
    retry: "backoff",
    explain: ({ timeoutMs }) => `The handshake hook did not decide within ${timeoutMs} ms.`,
    fix: "Make the lookup in the hook faster or move it after open.",
  }),
  "handshake-hook-decided-twice": defineFailure<{ first: string; second: string }>({
    ...hook,
    faults: ["server"],
    spec: "RFC 6455 §4.2.2",
    retry: "not-applicable",
    explain: ({ first, second }) =>
      `The handshake hook called ${second} after it had already called ${first}.`,
    fix: "Call accept or reject once per handshake.",
  }),
  "handshake-hook-illegal-header": defineFailure<{ header: string; problem: string }>({
    ...hook,
    faults: ["server"],
    spec: "RFC 6455 §4.2.2, RFC 9110 §5.5",
    httpStatus: 500,
    explain: ({ header, problem }) => `The application set the response header "${header}", but ${problem}.`,
    fix: "Leave Upgrade, Connection, Sec-WebSocket-* and the body headers to the engine, and keep values printable ASCII.",
  }),
  "handshake-hook-unoffered-subprotocol": defineFailure<{ offered: number }>({
    ...hook,
    faults: ["server"],
    spec: "RFC 6455 §4.2.2",
    httpStatus: 500,
    explain: ({ offered }) =>
      `The handshake hook chose a subprotocol that is not among the ${offered} the client offered.`,
    fix: "Return exactly one of the names in offered, or nothing.",
  }),
  "upgrade-handled-twice": defineFailure({
    ...hook,
    faults: ["server"],
    spec: "RFC 6455 §4.2.2",
    explain: () => "Two upgrade handlers on one HTTP server claimed the same socket.",
    fix: "Register only one upgrade handler per HTTP server and dispatch by path.",
  }),
};
