/**
 * What a proxy or middle box does to open connections. No single connection proves any of it: `doctor`, `tap` and `explain`
 * state it from times, counts and comparisons, so every entry is likely only, and explains itself without evidence too.
 */
import { defineFailure } from "./failure.ts";

const observed = {
  phase: "proxy",
  faults: ["proxy"],
  certainty: "likely",
  severity: "fatal",
  retry: "backoff",
} as const;

export const observedProxyFailures = {
  "proxy-idle-timeout": defineFailure<{ silentSeconds?: number; product?: string }>({
    ...observed,
    spec: "RFC 6455 §7.1.5",
    explain: ({ silentSeconds, product = "a proxy" }) =>
      silentSeconds === undefined
        ? "Connections end without a Close frame after the same silent time, which is how a proxy drops idle connections."
        : `The connection ended without a Close frame after ${silentSeconds} s of silence, the idle limit of ${product}.`,
    fix: "Send pings more often than the proxy's idle limit, or raise the limit.",
  }),
  "proxy-max-duration": defineFailure<{ ageSeconds?: number }>({
    ...observed,
    spec: "RFC 6455 §7.1.5",
    explain: ({ ageSeconds }) =>
      ageSeconds === undefined
        ? "Connections end at the same age even under traffic, which is how a platform limits their life."
        : `The connection ended at the age of ${ageSeconds} s even under traffic, as others did.`,
    fix: "The platform limits how long a connection lives; close and reconnect before it does.",
  }),
  "proxy-buffering": defineFailure<{ delayMs?: number }>({
    ...observed,
    severity: "warning",
    retry: "not-applicable",
    spec: "RFC 6455 §5.4",
    explain: ({ delayMs }) =>
      delayMs === undefined
        ? "Frames arrive in bursts, as if something on the way held them back."
        : `Frames arrive in bursts, up to ${delayMs} ms late, as if something on the way held them back.`,
    fix: "Turn off response buffering for this location of the proxy.",
  }),
  "intermediary-corrupted-frames": defineFailure({
    ...observed,
    closeCode: 1002,
    retry: "after-change",
    spec: "RFC 6455 §10.3",
    explain: () =>
      "Frames break at random over ws:// and not over wss://, so something on the way changes them.",
    fix: "Use wss://, so that middle boxes cannot touch the frames.",
  }),
  "proxy-connection-limit": defineFailure<{ connections?: number; status?: number }>({
    ...observed,
    spec: "RFC 9110 §15.6",
    explain: ({ connections, status }) =>
      connections === undefined
        ? "The proxy refuses further connections while the server behind it has room."
        : `The proxy refuses connections from the ${connections}th on${status === undefined ? "" : ` with ${status}`}.`,
    fix: "Raise worker_connections, maxconn or the range of local ports of the proxy.",
  }),
  "proxy-reload-cut": defineFailure<{ connections?: number }>({
    ...observed,
    spec: "RFC 6455 §7.1.5",
    explain: ({ connections }) =>
      `${connections === undefined ? "All" : `All ${connections}`} connections through one proxy ended within a second, while the server stayed up.`,
    fix: "Give the proxy's old workers a grace period when it is reloaded.",
  }),
  "proxy-subprotocol-header-lost": defineFailure({
    ...observed,
    retry: "after-change",
    spec: "RFC 6455 §11.3.4",
    explain: () => "The client offered subprotocols, but the server saw none.",
    fix: "Forward all Sec-WebSocket-* headers in the proxy.",
  }),
  "proxy-origin-rewritten": defineFailure<{ origin?: string }>({
    ...observed,
    httpStatus: 403,
    retry: "after-change",
    spec: "RFC 6455 §10.2",
    explain: ({ origin }) =>
      origin === undefined
        ? "The Origin that reaches the server is an internal address instead of the page's."
        : `The Origin that reaches the server is ${origin}, an internal address instead of the page's.`,
    fix: "Do not rewrite Origin in the proxy.",
  }),
  "proxy-forwarded-for-untrusted": defineFailure<{ address?: string }>({
    ...observed,
    severity: "warning",
    faults: ["operator"],
    retry: "not-applicable",
    spec: "RFC 7239 §8.1",
    explain: ({ address }) =>
      address === undefined
        ? "All clients seem to have one address, which is the proxy's."
        : `All clients seem to have the address ${address}, which is the proxy's.`,
    fix: "List the proxy in trustedProxies, so that its X-Forwarded-For header counts.",
  }),
} as const;
