/**
 * What can go wrong for a client besides the handshake itself: receiving, pinging, reconnecting. The transport below and
 * the Close frames that a client receives have files of their own; this is their one name for the engine's catalogue.
 */
import { defineFailure } from "./failure.ts";
import { receivedCloseFailures } from "./received-close-failures.ts";
import { transportFailures } from "./transport-failures.ts";

const local = { phase: "flow", certainty: "proved", severity: "info", retry: "not-applicable" } as const;
const reconnect = {
  phase: "client",
  certainty: "proved",
  severity: "fatal",
  spec: "RFC 6455 §7.2.3",
} as const;

const clientRunFailures = {
  "connect-options-invalid": defineFailure<{ code: string }>({
    ...reconnect,
    faults: ["application"],
    retry: "after-change",
    spec: "RFC 6455 §4.1",
    explain: ({ code }) => `The options for the connection cannot be used (${code}).`,
    fix: "See the cause: most often a certificate, a key or an address that does not parse.",
  }),
  "receive-timeout": defineFailure<{ timeoutMs: number }>({
    ...local,
    faults: ["nobody"],
    spec: "RFC 6455 §7.1",
    explain: ({ timeoutMs }) => `No message arrived within ${timeoutMs} ms.`,
    fix: "Not an error: wait again; the connection is untouched.",
  }),
  "receive-queue-paused": defineFailure<{ pausedMs: number }>({
    ...local,
    faults: ["application"],
    severity: "warning",
    spec: "RFC 6455 §5.5.3",
    explain: ({ pausedMs }) => `The application has not read from the connection for ${pausedMs} ms.`,
    fix: "The application reads too slowly; consume messages or drop them.",
  }),
  "send-before-open": defineFailure<{ state: string }>({
    ...local,
    faults: ["application"],
    severity: "warning",
    spec: "RFC 6455 §4.1",
    explain: ({ state }) => `A message was sent while the client is ${state}.`,
    fix: "Send from the open handler, or turn the offline queue on.",
  }),
  "offline-queue-overflow": defineFailure<{ messages: number; bytes: number; dropped: string }>({
    ...local,
    faults: ["application"],
    severity: "warning",
    spec: "RFC 6455 §7.2.3",
    explain: ({ messages, bytes, dropped }) =>
      `The offline queue is full with ${messages} messages of ${bytes} bytes; ${dropped} was dropped.`,
    fix: "Too much was sent while offline; raise the limit or drop stale messages.",
  }),
  "reconnect-exhausted": defineFailure<{ attempts: number; elapsedMs: number; lastFailure: string }>({
    ...reconnect,
    faults: ["server", "network"],
    retry: "never",
    explain: ({ attempts, elapsedMs, lastFailure }) =>
      `Gave up after ${attempts} failed attempts in ${elapsedMs} ms; the last ended with ${lastFailure}.`,
    fix: "See the last failure; the limit of attempts or of time is reached.",
  }),
  "reconnect-flapping": defineFailure<{ opens: number; stableAfterMs: number; lastFailure: string }>({
    ...reconnect,
    faults: ["server"],
    severity: "warning",
    retry: "backoff",
    explain: ({ opens, stableAfterMs, lastFailure }) =>
      `${opens} connections in a row opened and ended within ${stableAfterMs} ms, the last with ${lastFailure}.`,
    fix: "The server accepts and then refuses; look at the close code of the short connections.",
  }),
  "reconnect-refresh-failed": defineFailure({
    ...reconnect,
    faults: ["application"],
    retry: "backoff",
    explain: () => "The refresh hook gave no URL or credentials for the next attempt.",
    fix: "See the cause: what the hook threw, or that it took too long.",
  }),
  "resubscribe-failed": defineFailure({
    ...reconnect,
    faults: ["application", "server"],
    retry: "backoff",
    explain: () => "The connection opened again, but the onReconnect hook failed.",
    fix: "Renew the channel authorization before subscribing; the cause holds what the hook threw.",
  }),
  "browser-connect-failed": defineFailure({
    ...reconnect,
    phase: "response",
    faults: ["network", "server", "client"],
    certainty: "likely",
    retry: "backoff",
    spec: "WHATWG WebSockets §4",
    explain: () => "The browser could not open the connection, and it does not tell pages why.",
    fix: "Look into the browser's network panel and the server's log; a handshake refusal is named there.",
  }),
  "mixed-content-blocked": defineFailure({
    ...reconnect,
    phase: "transport",
    faults: ["client"],
    retry: "after-change",
    spec: "WHATWG WebSockets §3",
    explain: () => "The browser forbids this page to open the connection.",
    fix: "Pages loaded by https must use wss://.",
  }),
} as const;

/** Failures of the client beyond the judgement of the answer to its handshake. */
export const clientFailures = {
  ...transportFailures,
  ...receivedCloseFailures,
  ...clientRunFailures,
} as const;
