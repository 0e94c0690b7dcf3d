/**
 * Why no 101 came: the stream is not HTTP, it ended, or the server answered another status.
 * Raised by the response head reader and by the judgement of the status line.
 */
import { defineFailure } from "./failure.ts";

const answer = {
  phase: "response",
  certainty: "proved",
  severity: "fatal",
  retry: "after-change",
} as const;

/** `retryAfter` is the header as received: seconds or an HTTP date. */
type RetryLater = { readonly status: number; readonly retryAfter: string | undefined };

function describeRetry(retryAfter: string | undefined): string {
  return retryAfter === undefined ? "" : ` and asks to wait (Retry-After: ${retryAfter})`;
}

export const responseStatusFailures = {
  "response-malformed-http": defineFailure<{ problem: string; hex?: string }>({
    ...answer,
    faults: ["server"],
    spec: "RFC 6455 §4.1, RFC 9112 §4",
    explain: ({ problem }) => `The answer is not well-formed HTTP: ${problem}.`,
    fix: "Check host and port: another service answers there, or the server writes its handshake by hand.",
  }),
  "response-headers-too-large": defineFailure<{ limit: number }>({
    ...answer,
    faults: ["server"],
    spec: "RFC 6455 §10.4",
    explain: ({ limit }) => `The head of the answer is larger than ${limit} bytes.`,
    fix: "The server sends too many or too large headers, mostly cookies.",
  }),
  "response-closed-early": defineFailure<{ bytes: number }>({
    ...answer,
    faults: ["server", "proxy"],
    retry: "backoff",
    spec: "RFC 6455 §4.1",
    explain: ({ bytes }) =>
      bytes === 0
        ? "The connection ended before the server answered anything."
        : `The connection ended after ${bytes} bytes of the answer's head.`,
    fix: "The server or proxy dropped the request; look into its error log at this second, and use wss:// if the port wants TLS.",
  }),
  "response-timeout": defineFailure<{ timeoutMs: number }>({
    ...answer,
    faults: ["server", "network"],
    retry: "backoff",
    spec: "RFC 6455 §4.1",
    explain: ({ timeoutMs }) => `The server did not answer the handshake within ${timeoutMs} ms.`,
    fix: "The server accepted TCP but did not answer; check event-loop stalls and the handshake hook.",
  }),
  "server-frame-before-101": defineFailure<{ hex: string }>({
    ...answer,
    faults: ["server"],
    spec: "RFC 6455 §4.2.2",
    explain: ({ hex }) => `The server sent a WebSocket frame (${hex}) before its handshake answer.`,
    fix: "The server pushed before its handshake answer was written; send from the open handler instead.",
  }),
  "response-status-not-101": defineFailure<{ status: number }>({
    ...answer,
    faults: ["server", "proxy"],
    spec: "RFC 6455 §4.1 item 1",
    explain: ({ status }) => `The server answered ${status} instead of 101.`,
    fix: "Read the status and body: the server did not switch protocols.",
  }),
  "response-status-200": defineFailure<{ status: number }>({
    ...answer,
    faults: ["server", "proxy"],
    spec: "RFC 6455 §4.1 item 1",
    explain: () => "The server answered 200 with an ordinary page instead of 101.",
    fix: "The URL points to a normal web page or the framework's fallback route; correct the path or the proxy rule.",
  }),
  "response-redirect": defineFailure<{ status: number; location: string | undefined }>({
    ...answer,
    faults: ["server", "proxy"],
    spec: "RFC 6455 §4.1 item 1",
    explain: ({ status, location }) =>
      location === undefined
        ? `The server answered ${status}, a redirect, without saying where to.`
        : `The server answered ${status}, a redirect to "${location}".`,
    fix: "Use the final URL directly (often http to https, or a trailing slash), or allow redirects.",
  }),
  "response-redirect-insecure": defineFailure<{ location: string }>({
    ...answer,
    faults: ["server"],
    spec: "RFC 6455 §10.6",
    explain: ({ location }) =>
      `The server redirects from a connection with TLS to "${location}", which has none.`,
    fix: "Correct the redirect so that it keeps TLS.",
  }),
  "response-redirect-loop": defineFailure<{ location: string; redirects: number }>({
    ...answer,
    faults: ["server"],
    spec: "RFC 9110 §15.4",
    explain: ({ location, redirects }) =>
      `After ${redirects} redirects the server still redirects, to "${location}".`,
    fix: "Break the redirect cycle.",
  }),
  "response-bad-request": defineFailure<{ status: number }>({
    ...answer,
    faults: ["client"],
    spec: "RFC 9110 §15.5.1",
    explain: () => "The server answered 400: it found the handshake request wrong.",
    fix: "The server disliked a header; its body usually names it.",
  }),
  "response-unauthorized": defineFailure<{ status: number; challenge: string | undefined }>({
    ...answer,
    faults: ["client"],
    spec: "RFC 9110 §15.5.2",
    explain: ({ challenge }) =>
      challenge === undefined
        ? "The server answered 401: it wants credentials."
        : `The server answered 401: it wants ${challenge} credentials.`,
    fix: "Refresh the token, then connect again.",
  }),
  "response-forbidden": defineFailure<{ status: number }>({
    ...answer,
    faults: ["client"],
    spec: "RFC 9110 §15.5.4",
    explain: () => "The server answered 403: it does not let this client in.",
    fix: "Wrong origin, blocked address, or no right to connect.",
  }),
  "response-not-found": defineFailure<{ status: number }>({
    ...answer,
    faults: ["client"],
    spec: "RFC 9110 §15.5.5",
    explain: () => "The server answered 404: nothing answers at this path.",
    fix: "Wrong path, or the proxy has no rule for it.",
  }),
  "response-upgrade-required": defineFailure<{ status: number; versions: string | undefined }>({
    ...answer,
    faults: ["client", "proxy"],
    spec: "RFC 6455 §4.4",
    explain: ({ versions }) =>
      versions === undefined
        ? "The server answered 426: it saw no WebSocket handshake."
        : `The server answered 426: it saw no handshake of a version it speaks (${versions}).`,
    fix: "If the server speaks version 13, the upgrade headers were lost on the way; otherwise update the server.",
  }),
  "response-rate-limited": defineFailure<RetryLater>({
    ...answer,
    faults: ["client"],
    retry: "backoff",
    spec: "RFC 6585 §4",
    explain: ({ retryAfter }) => `The server answered 429: too many attempts${describeRetry(retryAfter)}.`,
    fix: "Wait for Retry-After, then use backoff.",
  }),
  "response-server-error": defineFailure<{ status: number }>({
    ...answer,
    faults: ["server"],
    retry: "backoff",
    spec: "RFC 9110 §15.6.1",
    explain: () => "The server answered 500: it failed inside the handshake.",
    fix: "The server crashed inside the handshake; see its log.",
  }),
  "response-unavailable": defineFailure<RetryLater>({
    ...answer,
    faults: ["server"],
    retry: "backoff",
    spec: "RFC 9110 §15.6.4",
    explain: ({ retryAfter }) =>
      `The server answered 503: it takes no connections now${describeRetry(retryAfter)}.`,
    fix: "Server full or restarting; wait.",
  }),
  "response-gateway-error": defineFailure<{ status: number }>({
    ...answer,
    faults: ["proxy"],
    retry: "backoff",
    spec: "RFC 9110 §15.6.3, §15.6.5",
    explain: ({ status }) => `A proxy answered ${status}: it got no usable answer from the server behind it.`,
    fix: "The proxy cannot reach the backend; check that the backend runs and speaks HTTP/1.1 on that port.",
  }),
};
