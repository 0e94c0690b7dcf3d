/**
 * What can be wrong with the HTTP side of a handshake request: its syntax, size, target, method, version, body, host,
 * and the hop-by-hop headers. Raised by the request judgements in `protocol/`.
 */
import { defineFailure } from "./failure.ts";

const head = { phase: "request", certainty: "proved", severity: "fatal", retry: "after-change" } as const;

export const requestHeadFailures = {
  "handshake-malformed-http": defineFailure<{ problem: string; hex?: string }>({
    ...head,
    faults: ["client", "proxy"],
    spec: "RFC 6455 §4.2.1, RFC 9112 §2.2",
    httpStatus: 400,
    explain: ({ problem }) => `The request is not well-formed HTTP: ${problem}.`,
    fix: "Send an HTTP/1.1 request; if the client does, something that is not HTTP talks to this port: look at the first bytes.",
  }),
  "handshake-uri-too-long": defineFailure<{ bytes?: number; limit: number }>({
    ...head,
    faults: ["client"],
    spec: "RFC 9110 §15.5.15",
    httpStatus: 414,
    explain: ({ bytes, limit }) =>
      bytes === undefined
        ? `The URL is longer than ${limit} bytes.`
        : `The URL has ${bytes} bytes, but only ${limit} are allowed.`,
    fix: "Move big values from the query string into the first message.",
  }),
  "handshake-headers-too-large": defineFailure<{ bytes?: number; limit: number }>({
    ...head,
    faults: ["client"],
    spec: "RFC 6585 §5",
    httpStatus: 431,
    explain: ({ bytes, limit }) =>
      bytes === undefined
        ? `The headers are larger than ${limit} bytes.`
        : `The headers have ${bytes} bytes, but only ${limit} are allowed.`,
    fix: "Usually cookies: clear them or connect on a cookie-less host.",
  }),
  "handshake-too-many-headers": defineFailure<{ count: number; limit: number }>({
    ...head,
    faults: ["client", "proxy"],
    spec: "RFC 6585 §5",
    httpStatus: 431,
    explain: ({ count, limit }) => `The request has ${count} header lines, but only ${limit} are allowed.`,
    fix: "Remove headers added by proxies or raise maxHeaders.",
  }),
  "handshake-obsolete-line-folding": defineFailure({
    ...head,
    faults: ["client"],
    spec: "RFC 9112 §5.2",
    httpStatus: 400,
    explain: () =>
      "A header line starts with a space or a tab, the obsolete way to continue the line before it.",
    fix: "Send each header on one line.",
  }),
  "handshake-illegal-header-byte": defineFailure<{ header?: string }>({
    ...head,
    faults: ["client"],
    spec: "RFC 9110 §5.5",
    httpStatus: 400,
    explain: ({ header }) =>
      header === undefined
        ? "A header value contains CR, LF or NUL."
        : `The value of the header "${header}" contains CR, LF or NUL.`,
    fix: "Escape or remove control characters from header values.",
  }),
  "handshake-path-not-found": defineFailure<{ path: string }>({
    ...head,
    faults: ["client"],
    spec: "RFC 6455 §4.2.2",
    httpStatus: 404,
    explain: ({ path }) => `No WebSocket route matches the path "${path}".`,
    fix: "Correct the path in the URL (for Pusher: /app/{key}).",
  }),
  "handshake-method-not-get": defineFailure<{ method: string; allow: string }>({
    ...head,
    faults: ["client"],
    spec: "RFC 6455 §4.2.1, RFC 9110 §15.5.6",
    httpStatus: 405,
    explain: ({ method }) => `The request method is ${method}, not GET.`,
    fix: "WebSocket handshakes must use GET.",
  }),
  "handshake-http-version-too-low": defineFailure<{ version: string }>({
    ...head,
    faults: ["proxy", "client"],
    spec: "RFC 6455 §4.2.1, RFC 9110 §7.8",
    httpStatus: 426,
    explain: ({ version }) => `The request is HTTP/${version}, which cannot be upgraded.`,
    fix: "Make the reverse proxy talk HTTP/1.1 to the backend (nginx: proxy_http_version 1.1).",
  }),
  "handshake-request-has-body": defineFailure<{ header: string }>({
    ...head,
    faults: ["client"],
    spec: "RFC 6455 §4.1, RFC 9112 §6",
    httpStatus: 400,
    explain: ({ header }) => `The handshake declares a body by its ${header} header.`,
    fix: "Send the handshake without a body; data belongs in frames.",
  }),
  "request-body-too-large": defineFailure<{ bytes: number; limit: number }>({
    ...head,
    faults: ["client"],
    spec: "RFC 9110 §15.5.14",
    httpStatus: 413,
    explain: ({ bytes, limit }) =>
      `The request declares a body of ${bytes} bytes, but only ${limit} are allowed.`,
    fix: "Send less per HTTP request or raise maxRequestSize; a handshake must have no body at all.",
  }),
  "handshake-host-missing": defineFailure({
    ...head,
    faults: ["client"],
    spec: "RFC 6455 §4.2.1, RFC 9112 §3.2",
    httpStatus: 400,
    explain: () => "The request has no Host header.",
    fix: "Add a Host header.",
  }),
  "handshake-host-duplicated": defineFailure<{ count: number }>({
    ...head,
    faults: ["client", "proxy"],
    spec: "RFC 9112 §3.2",
    httpStatus: 400,
    explain: ({ count }) => `The request has ${count} Host headers.`,
    fix: "Remove the second Host header; check the proxy's header rules.",
  }),
  "handshake-host-invalid": defineFailure<{ host: string }>({
    ...head,
    faults: ["client"],
    spec: "RFC 9112 §3.2",
    httpStatus: 400,
    explain: ({ host }) => `The host "${host}" is not of the form name[:port].`,
    fix: "Send only name and port in Host, no scheme and no path.",
  }),
  "handshake-host-not-allowed": defineFailure<{ host: string }>({
    ...head,
    faults: ["client", "proxy"],
    spec: "RFC 9110 §15.5.20",
    httpStatus: 421,
    explain: ({ host }) => `The host "${host}" is not among the allowed hosts.`,
    fix: "Add the public name to allowedHosts or forward the original Host.",
  }),
  "handshake-not-an-upgrade": defineFailure({
    ...head,
    faults: ["client"],
    spec: "RFC 9110 §15.5.22",
    httpStatus: 426,
    explain: () => "The request has neither an Upgrade header nor a Sec-WebSocket-Key: it is plain HTTP.",
    fix: "This URL is a WebSocket endpoint; open it with a WebSocket client, not with a browser tab or curl.",
  }),
  "proxy-stripped-upgrade": defineFailure({
    ...head,
    faults: ["proxy"],
    // A client that forgets Upgrade looks the same from here.
    certainty: "likely",
    spec: "RFC 6455 §4.2.1, RFC 9110 §7.6.1",
    httpStatus: 426,
    explain: () =>
      "The request carries a Sec-WebSocket-Key but no Upgrade header, so a proxy dropped it on the way.",
    fix: "The proxy dropped Upgrade and Connection; set both explicitly towards the backend.",
  }),
  "handshake-upgrade-not-websocket": defineFailure<{ upgrade: string }>({
    ...head,
    faults: ["client"],
    spec: "RFC 6455 §4.2.1 item 3",
    httpStatus: 426,
    explain: ({ upgrade }) => `The Upgrade header asks for "${upgrade}", not for websocket.`,
    fix: "Send Upgrade: websocket.",
  }),
  "handshake-connection-token-missing": defineFailure<{ connection: string | undefined }>({
    ...head,
    faults: ["proxy", "client"],
    spec: "RFC 6455 §4.2.1 item 4",
    httpStatus: 400,
    explain: ({ connection }) =>
      connection === undefined
        ? "The request has an Upgrade header but no Connection header."
        : `The Connection header "${connection}" does not contain the token upgrade.`,
    fix: "The proxy rewrote Connection; pass Connection: Upgrade through.",
  }),
};
