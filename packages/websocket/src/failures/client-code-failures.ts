/**
 * Mistakes in code around a WebSocket that the wire shows only as an odd end, odd frames, or nothing. Stated by `explain` and
 * `tap`; every entry explains itself without evidence.
 */
import { defineFailure } from "./failure.ts";

const clientCode = {
  phase: "client",
  faults: ["client"],
  certainty: "likely",
  severity: "fatal",
  retry: "not-applicable",
} as const;
const caller = {
  ...clientCode,
  phase: "flow",
  faults: ["application"],
  certainty: "proved",
  severity: "warning",
} as const;

export const clientCodeFailures = {
  "receive-treated-as-closed": defineFailure<{ afterMs?: number }>({
    ...clientCode,
    spec: "RFC 6455 §7.1.1",
    explain: ({ afterMs }) =>
      `The client ended TCP ${afterMs === undefined ? "right when" : `after ${afterMs} ms, when`} its own receive timed out, although the connection was fine.`,
    fix: 'Do not close the socket when a receive times out; tell "timeout" from "closed".',
  }),
  "raw-read-without-reassembly": defineFailure({
    ...clientCode,
    severity: "warning",
    retry: "after-change",
    spec: "RFC 6455 §5.2",
    explain: () =>
      "The client takes what one read of TCP gives for one message; a read may hold several frames, or a part of one.",
    fix: "Use a frame parser; one read is not one frame.",
  }),
  "closed-before-established": defineFailure({
    ...clientCode,
    spec: "RFC 6455 §4.1, WHATWG WebSockets §3",
    explain: () => "The client's own code closed the connection before it was open.",
    fix: "Close only what is open: React runs effects twice in development, and a page that is left closes everything.",
  }),
  "unknown-connection": defineFailure({
    ...caller,
    spec: "RFC 6455 §7.1.4",
    explain: () => "The application used the id of a connection that does not exist any more.",
    fix: "Drop the stored id when the close event fires.",
  }),
  "send-buffer-full": defineFailure<{ bufferedBytes?: number }>({
    ...caller,
    spec: "RFC 6455 §7.4",
    explain: ({ bufferedBytes }) =>
      `A message was not sent, since ${bufferedBytes === undefined ? "too much waits" : `${bufferedBytes} bytes wait`} for the peer already.`,
    fix: "Respect the return value of send, and wait until the connection has drained.",
  }),
} as const;
