/**
 * Why a server turns a connection away, or loses it, before it looks at what the handshake says: limits, draining,
 * time, and streams that belong on another port. Raised by the socket shell.
 */
import { defineFailure } from "./failure.ts";

const refused = { phase: "request", certainty: "proved", severity: "fatal" } as const;
const transport = { phase: "transport", certainty: "proved", severity: "fatal" } as const;

export const admissionFailures = {
  "handshake-server-full": defineFailure<{ limit: number; retryAfterSeconds: number }>({
    ...refused,
    faults: ["server"],
    spec: "RFC 6455 §4.1, RFC 9110 §15.6.4",
    httpStatus: 503,
    retry: "backoff",
    explain: ({ limit }) => `The server already holds its maximum of ${limit} connections.`,
    fix: "Raise maxConnections or add servers.",
  }),
  "handshake-ip-limit": defineFailure<{ limit: number; retryAfterSeconds: number }>({
    ...refused,
    faults: ["client"],
    spec: "RFC 6585 §4",
    httpStatus: 429,
    retry: "backoff",
    explain: ({ limit }) => `This address already holds its maximum of ${limit} connections.`,
    fix: "Close unused connections; behind NAT raise the per-address limit or configure trusted proxies.",
  }),
  "handshake-server-draining": defineFailure<{ retryAfterSeconds: number }>({
    ...refused,
    faults: ["server"],
    spec: "RFC 9110 §15.6.4",
    httpStatus: 503,
    retry: "backoff",
    explain: () => "The server is shutting down and takes no new connections.",
    fix: "Nothing to fix: the server restarts, the client should try again.",
  }),
  "handshake-request-timeout": defineFailure<{ timeoutMs?: number }>({
    ...refused,
    faults: ["client", "network"],
    spec: "RFC 9110 §15.5.9",
    httpStatus: 408,
    retry: "backoff",
    explain: ({ timeoutMs }) =>
      timeoutMs === undefined
        ? "The request head was not complete in time."
        : `The request head was not complete after ${timeoutMs} ms.`,
    fix: "Send the whole request at once and end it with an empty line; if it is complete, look for a slow network path.",
  }),
  "handshake-client-gone": defineFailure<{ afterMs?: number }>({
    ...refused,
    faults: ["client", "network"],
    spec: "RFC 6455 §4.2.2",
    retry: "not-applicable",
    explain: ({ afterMs }) =>
      afterMs === undefined
        ? "The client closed the connection before the handshake was answered."
        : `The client closed the connection ${afterMs} ms into the handshake, before it was answered.`,
    fix: "The client gave up first; compare its timeout with the duration of your handshake hook.",
  }),
  "handshake-early-data": defineFailure<{ bytes: number }>({
    ...refused,
    faults: ["client"],
    spec: "RFC 6455 §4.1",
    httpStatus: 400,
    retry: "after-change",
    explain: ({ bytes }) => `The client sent ${bytes} bytes behind its request, before the 101.`,
    fix: "Wait for the 101 before sending the first frame.",
  }),
  "tls-required": defineFailure({
    ...refused,
    faults: ["client"],
    spec: "RFC 9110 §15.5.4",
    httpStatus: 403,
    retry: "after-change",
    explain: () => "The request came without TLS to a route that demands it.",
    fix: "Use wss://, and let the proxy send X-Forwarded-Proto.",
  }),
  "tls-sent-to-plain-port": defineFailure<{ hex?: string }>({
    ...transport,
    faults: ["client"],
    spec: "RFC 6455 §3",
    httpStatus: 400,
    retry: "after-change",
    explain: ({ hex }) =>
      hex === undefined
        ? "The answer to a TLS hello is not TLS: the port speaks something plain."
        : `The stream starts with a TLS hello (${hex}) on a port without TLS.`,
    fix: "The client used wss:// or https:// on a port that speaks plain ws://; correct the scheme or add a certificate.",
  }),
  "plain-http-sent-to-tls-port": defineFailure<{ shownBy: string }>({
    ...transport,
    faults: ["client"],
    spec: "RFC 6455 §3",
    retry: "after-change",
    explain: ({ shownBy }) => `A plain HTTP request reached a TLS port: ${shownBy}.`,
    fix: "The client used ws:// on a TLS port; use wss://.",
  }),
};
