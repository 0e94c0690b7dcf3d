/** Failures of clocks, rates and flow control on open connections. */
import { defineFailure } from "./failure.ts";

const liveness = { phase: "liveness", certainty: "proved", severity: "fatal" } as const;
const flow = { phase: "flow", certainty: "proved", severity: "fatal" } as const;

export const livenessFailures = {
  "heartbeat-timeout": defineFailure<{ silentMs: number; pongTimeoutMs: number }>({
    ...liveness,
    faults: ["network", "client", "server"],
    spec: "RFC 6455 §5.5.2",
    closeCode: 1011,
    retry: "backoff",
    explain: ({ silentMs, pongTimeoutMs }) =>
      `Nothing was received for ${silentMs} ms, and a ping was not answered within ${pongTimeoutMs} ms.`,
    fix: "Let the client reconnect by itself; if it happens to many at once, look for a blocked event loop or a dead network path.",
  }),
  "idle-timeout": defineFailure<{ idleMs: number }>({
    ...liveness,
    faults: ["client"],
    spec: "IANA close code 3008",
    closeCode: 3008,
    retry: "now",
    explain: ({ idleMs }) => `No message was received for ${idleMs} ms.`,
    fix: "Send application messages, or raise idleTimeoutMs.",
  }),
  "connection-max-lifetime": defineFailure<{ ageMs: number }>({
    ...liveness,
    faults: ["nobody"],
    spec: "IANA close code 1012",
    closeCode: 1012,
    retry: "backoff",
    explain: ({ ageMs }) => `The connection reached its age limit after ${ageMs} ms.`,
    fix: "Nothing to fix: reconnect. This is a planned rotation.",
  }),
  "message-fragment-timeout": defineFailure<{ openMs: number }>({
    ...liveness,
    faults: ["client"],
    spec: "RFC 6455 §10.4",
    closeCode: 1008,
    retry: "after-change",
    explain: ({ openMs }) => `A message was begun and not finished within ${openMs} ms.`,
    fix: "Finish messages that were started; the sender stalls in the middle.",
  }),
  "ping-flood": defineFailure<{ perSecond: number }>({
    ...flow,
    faults: ["client"],
    spec: "RFC 6455 §10.4",
    closeCode: 1008,
    retry: "after-change",
    explain: ({ perSecond }) => `More than ${perSecond} pings a second were received.`,
    fix: "Ping every 20–30 s, not per message.",
  }),
  "slow-consumer": defineFailure<{ bufferedBytes: number; limitBytes: number }>({
    ...flow,
    faults: ["client", "network"],
    spec: "RFC 6455 §7.4",
    closeCode: 1013,
    retry: "backoff",
    explain: ({ bufferedBytes, limitBytes }) =>
      `${bufferedBytes} bytes wait for a peer that does not read them; the limit is ${limitBytes}.`,
    fix: "The client cannot keep up: send less, coalesce, or choose a policy that drops old messages.",
  }),
  "message-unhandled-exception": defineFailure<{ handler: string }>({
    ...flow,
    faults: ["application"],
    spec: "RFC 6455 §7.4.1",
    closeCode: 1011,
    retry: "backoff",
    explain: ({ handler }) => `The application's ${handler} handler threw an error.`,
    fix: "Fix the exception in the handler; the cause is in the log.",
  }),
  "message-dropped-by-policy": defineFailure<{ messages: number }>({
    ...flow,
    severity: "warning",
    faults: ["client", "network"],
    spec: "RFC 6455 §7.4",
    retry: "not-applicable",
    explain: ({ messages }) =>
      `${messages} messages were dropped in the last second for a peer that reads too slowly.`,
    fix: "Accept the loss, send less, or choose another slow-consumer policy for this route.",
  }),
  "message-stream-aborted": defineFailure({
    ...flow,
    faults: ["application"],
    spec: "RFC 6455 §5.4",
    closeCode: 1011,
    retry: "backoff",
    explain: () => "The application gave up a message of which a part was sent.",
    fix: "Find out why the source of the streamed message failed.",
  }),
  "send-while-streaming": defineFailure({
    ...flow,
    faults: ["application"],
    spec: "RFC 6455 §5.4",
    retry: "not-applicable",
    explain: () => "A second streamed message was begun before the first had ended.",
    fix: "End the first stream before the next; messages that are sent with send() wait by themselves.",
  }),
  "pong-payload-mismatch": defineFailure<{ pongBytes: number }>({
    ...liveness,
    severity: "warning",
    faults: ["client", "server"],
    spec: "RFC 6455 §5.5.3",
    retry: "not-applicable",
    explain: ({ pongBytes }) =>
      `The peer answered a ping with a pong of ${pongBytes} bytes that echoes none of our pings.`,
    fix: "Copy the payload of the ping into the pong.",
  }),
  "ping-not-answered": defineFailure<{ inFlight: number }>({
    ...liveness,
    severity: "warning",
    faults: ["client", "server"],
    spec: "RFC 6455 §5.5.2",
    retry: "not-applicable",
    explain: ({ inFlight }) => `The peer has left ${inFlight} pings unanswered.`,
    fix: "A peer that handles pings itself must send the pongs itself.",
  }),
  "shutdown-forced": defineFailure<{ waitedMs: number }>({
    ...liveness,
    faults: ["client", "network"],
    spec: "RFC 6455 §7.1.1",
    retry: "backoff",
    explain: ({ waitedMs }) =>
      `The shutdown deadline passed ${waitedMs} ms after it began, before the close was answered.`,
    fix: "Raise the shutdown deadline, or look for clients that do not answer a Close frame.",
  }),
} as const;
