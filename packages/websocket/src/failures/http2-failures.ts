/**
 * WebSocket over HTTP/2 and HTTP/3 (RFC 8441, RFC 9220), as an end that speaks HTTP/1.1 meets it, or as `explain` is asked for
 * it. Every entry explains itself without evidence.
 */
import { defineFailure } from "./failure.ts";

const http2 = {
  phase: "http2",
  certainty: "proved",
  severity: "fatal",
  retry: "after-change",
} as const;

export const http2Failures = {
  "h2-extended-connect-disabled": defineFailure({
    ...http2,
    faults: ["server", "proxy"],
    spec: "RFC 8441 §3",
    explain: () =>
      "The peer speaks only HTTP/2, and its settings do not allow WebSocket (SETTINGS_ENABLE_CONNECT_PROTOCOL).",
    fix: "Enable extended CONNECT, or offer http/1.1 in ALPN.",
  }),
  "h2-extended-connect-withdrawn": defineFailure({
    ...http2,
    faults: ["server"],
    spec: "RFC 8441 §3",
    explain: () => "The server allowed WebSocket over this HTTP/2 connection and then withdrew the setting.",
    fix: "Never withdraw the setting on a live connection.",
  }),
  "h2-upgrade-header-present": defineFailure({
    ...http2,
    faults: ["client"],
    spec: "RFC 9113 §8.2.2",
    explain: () => "An HTTP/2 request carries Upgrade or Connection, which only HTTP/1.1 knows.",
    fix: "Over HTTP/2 use CONNECT with :protocol = websocket.",
  }),
  "h2-websocket-protocol-unknown": defineFailure<{ protocol?: string }>({
    ...http2,
    faults: ["client"],
    httpStatus: 501,
    spec: "RFC 8441 §4, RFC 9220",
    explain: ({ protocol }) =>
      `An extended CONNECT asks for ${protocol === undefined ? "another protocol" : `"${protocol}"`} instead of "websocket".`,
    fix: "Use :protocol = websocket.",
  }),
  "h2-pseudo-header-missing": defineFailure<{ header?: string }>({
    ...http2,
    faults: ["client"],
    spec: "RFC 8441 §4",
    explain: ({ header = ":scheme, :path or :authority" }) => `An extended CONNECT lacks ${header}.`,
    fix: "Send all pseudo-headers with an extended CONNECT.",
  }),
  "h2-version-unsupported": defineFailure<{ version?: string }>({
    ...http2,
    faults: ["client"],
    httpStatus: 400,
    spec: "RFC 8441 §5, RFC 6455 §4.4",
    explain: ({ version }) =>
      `The request asks for ${version === undefined ? "another WebSocket version than" : `WebSocket version ${version} instead of`} 13.`,
    fix: "Send sec-websocket-version: 13.",
  }),
  "h2-stream-reset": defineFailure<{ code?: string }>({
    ...http2,
    faults: ["client", "server", "proxy"],
    retry: "backoff",
    spec: "RFC 8441 §5",
    explain: ({ code }) =>
      `The HTTP/2 stream of the connection was reset${code === undefined ? "" : ` with ${code}`}, which is what a TCP reset is to HTTP/1.1.`,
    fix: "Find out who aborted the stream, and reconnect.",
  }),
  "h2-goaway": defineFailure({
    ...http2,
    faults: ["server", "proxy"],
    retry: "backoff",
    spec: "RFC 9113 §6.8",
    explain: () => "The server retires the HTTP/2 connection under the WebSocket (GOAWAY).",
    fix: "Open a new HTTP/2 connection.",
  }),
  "h2-flow-control-stalled": defineFailure({
    ...http2,
    faults: ["client", "server"],
    certainty: "likely",
    severity: "warning",
    retry: "backoff",
    spec: "RFC 9113 §5.2",
    explain: () => "The receiver has left the window of the HTTP/2 stream at zero for long.",
    fix: "Make the receiver read faster, or apply a policy for slow consumers.",
  }),
} as const;
