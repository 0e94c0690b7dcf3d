/**
 * Ends of connections whose reason lies outside them: the network, the machine, the process. Stated by `doctor`, `tap` and
 * `explain`, mostly from many connections at once, so every entry explains itself without evidence too.
 */
import { defineFailure } from "./failure.ts";

const lost = {
  phase: "close",
  certainty: "likely",
  severity: "fatal",
  spec: "RFC 6455 §7.1.5",
  retry: "backoff",
} as const;
const slow = { ...lost, phase: "liveness", severity: "warning", retry: "not-applicable" } as const;

export const observedNetworkFailures = {
  "nat-mapping-expired": defineFailure<{ silentSeconds?: number }>({
    ...lost,
    faults: ["network"],
    explain: ({ silentSeconds }) =>
      `The first packet after ${silentSeconds === undefined ? "a long silence" : `${silentSeconds} s of silence`} was answered with a reset: a router on the way had forgotten the connection.`,
    fix: "Ping more often than the idle time of the router (NAT).",
  }),
  "network-changed": defineFailure<{ code?: string }>({
    ...lost,
    faults: ["network", "client"],
    retry: "now",
    explain: ({ code }) =>
      `The client's network went away or changed under the connection${code === undefined ? "" : ` (${code})`}.`,
    fix: "Reconnect at once: Wi-Fi or the mobile network was switched.",
  }),
  "server-crash": defineFailure<{ connections?: number }>({
    ...lost,
    faults: ["server"],
    explain: ({ connections }) =>
      `${connections === undefined ? "All" : `All ${connections}`} connections of the server ended within a second without a Close frame: its process is gone.`,
    fix: "Look into the server's crash log; let clients come back with backoff.",
  }),
  "close-info-lost-by-reset": defineFailure({
    ...lost,
    faults: ["server", "client"],
    spec: "RFC 6455 §7.1.1",
    retry: "not-applicable",
    explain: () =>
      "A Close frame was sent, but a TCP reset right behind it erased it before the application read it.",
    fix: "Read until the peer's end of TCP before the socket is destroyed.",
  }),
  "tcp-lingering-after-close": defineFailure<{ waitedMs?: number }>({
    ...lost,
    faults: ["server"],
    severity: "info",
    spec: "RFC 6455 §7.1.1",
    retry: "not-applicable",
    explain: ({ waitedMs }) =>
      `Both Close frames were exchanged, but the server has not ended TCP${waitedMs === undefined ? "" : ` after ${waitedMs} ms`}.`,
    fix: "The server should end TCP first, right after the Close frames were exchanged.",
  }),
  "too-many-open-files": defineFailure<{ limit?: number }>({
    ...lost,
    phase: "transport",
    faults: ["operator", "server"],
    spec: "POSIX accept(2), EMFILE",
    explain: ({ limit }) =>
      `The server cannot accept connections, since its process has no file descriptor left${limit === undefined ? "" : ` of ${limit}`}.`,
    fix: "Raise the limit of file descriptors (ulimit -n, LimitNOFILE), or lower maxConnections.",
  }),
  "event-loop-stall": defineFailure<{ stalledMs?: number }>({
    ...slow,
    faults: ["server", "client"],
    explain: ({ stalledMs }) =>
      `The process did nothing${stalledMs === undefined ? "" : ` for ${stalledMs} ms`}, so timers of all its connections are late.`,
    fix: "Move blocking work to a worker thread.",
  }),
  "system-suspended": defineFailure<{ suspendedMs?: number }>({
    ...slow,
    faults: ["client"],
    retry: "now",
    explain: ({ suspendedMs }) =>
      `The clock jumped${suspendedMs === undefined ? "" : ` by ${suspendedMs} ms`}: the machine slept.`,
    fix: "Reconnect: the other side has given up the connection meanwhile.",
  }),
  "client-timer-throttled": defineFailure({
    ...slow,
    faults: ["client"],
    spec: "RFC 6455 §5.5.2",
    explain: () =>
      "Heartbeats of a page arrive only once a minute, as browsers slow the timers of background tabs.",
    fix: "Rely on pings of the server, which browsers answer without the page.",
  }),
  "reconnect-storm": defineFailure<{ perSecond?: number }>({
    ...slow,
    faults: ["client"],
    spec: "RFC 6455 §7.2.3",
    httpStatus: 503,
    retry: "backoff",
    explain: ({ perSecond }) =>
      `Clients come back in bursts${perSecond === undefined ? "" : ` of ${perSecond} a second`} instead of spread over time.`,
    fix: "Add jitter to the client's reconnect delay.",
  }),
} as const;
