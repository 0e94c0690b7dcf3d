/**
 * What only somebody who tries a server from outside can say: certificates that end soon, greetings that do not come, events
 * that do not arrive. Raised by `doctor/` and `pusher-client/`.
 */
import { defineFailure, defineFailures } from "@antiphon/websocket";

const observed = {
  certainty: "proved",
  severity: "fatal",
  retry: "after-change",
} as const;
const greeting = { ...observed, phase: "pusher", spec: "Pusher protocol, connection" } as const;
const channel = { ...observed, phase: "pusher", spec: "Pusher protocol, channels" } as const;
const api = { ...observed, phase: "http", spec: "Pusher HTTP API" } as const;

const definitions = {
  "tls-certificate-expires-soon": defineFailure<{ days: number; until: string }>({
    ...observed,
    phase: "transport",
    severity: "warning",
    faults: ["operator"],
    spec: "RFC 5280 §4.1.2.5",
    explain: ({ days, until }) =>
      `The server's certificate ends in ${days === 1 ? "1 day" : `${days} days`}, on ${until}.`,
    fix: "Renew the certificate now, and find out why it was not renewed by itself.",
  }),
  "server-accepts-unmasked-frames": defineFailure<{ answer: string }>({
    ...observed,
    phase: "frame",
    severity: "warning",
    faults: ["server"],
    spec: "RFC 6455 §5.1",
    explain: ({ answer }) => `The server took an unmasked frame from a client and ${answer}.`,
    fix: "Let the server close with 1002 when a client's frame has no mask: proxies can be poisoned otherwise.",
  }),
  "pusher-greeting-missing": defineFailure<{ instead: string }>({
    ...greeting,
    faults: ["server", "client"],
    explain: ({ instead }) =>
      `The connection opened, but its first message is not pusher:connection_established: ${instead}.`,
    fix: "Check that the URL leads to a server of the Pusher protocol, with the path /app/ and the app's key.",
  }),
  "pusher-greeting-invalid": defineFailure<{ problem: string }>({
    ...greeting,
    faults: ["server"],
    explain: ({ problem }) => `The greeting is not what clients of the Pusher protocol can use: ${problem}.`,
    fix: 'Greet with data as a JSON string, {"socket_id":"1.2","activity_timeout":120}: two numbers joined by a dot, and whole seconds.',
  }),
  "pusher-ping-unanswered": defineFailure<{ waitedMs: number }>({
    ...greeting,
    faults: ["server"],
    retry: "backoff",
    explain: ({ waitedMs }) => `The server did not answer pusher:ping within ${waitedMs} ms.`,
    fix: "Answer every pusher:ping with pusher:pong at once: clients reconnect without it.",
  }),
  "pusher-connection-refused": defineFailure<{ code: string; reason: string }>({
    ...greeting,
    faults: ["client", "operator"],
    explain: ({ code, reason }) => `The server refused the connection with pusher:error ${code}: ${reason}.`,
    fix: "Look the code up with antiphon explain, and read the server's log at this second.",
  }),
  "pusher-subscription-refused": defineFailure<{ channel: string; reason: string }>({
    ...channel,
    severity: "warning",
    faults: ["application", "operator"],
    explain: ({ channel, reason }) => `The subscription to ${channel} was refused: ${reason}.`,
    fix: "Compare key and secret with those of the app on the server; its log shows the string that was signed.",
  }),
  "pusher-subscription-unanswered": defineFailure<{ channel: string; waitedMs: number }>({
    ...channel,
    faults: ["server"],
    retry: "backoff",
    explain: ({ channel, waitedMs }) =>
      `The server did not answer the subscription to ${channel} within ${waitedMs} ms.`,
    fix: "Look into the server's log: a subscription is answered with subscription_succeeded or an error.",
  }),
  "published-event-not-delivered": defineFailure<{ waitedMs: number }>({
    ...channel,
    faults: ["operator", "server"],
    explain: ({ waitedMs }) =>
      `The HTTP API took an event, but a subscriber of its channel did not get it within ${waitedMs} ms.`,
    fix: "Let the WebSocket and the HTTP address lead to the same server, or join its nodes into a cluster.",
  }),
  "api-request-failed": defineFailure<{ url: string; problem: string }>({
    ...api,
    faults: ["operator", "network"],
    retry: "backoff",
    explain: ({ url, problem }) => `The HTTP API at ${url} could not be asked: ${problem}.`,
    fix: "Check scheme, host and port of the HTTP API, and that the proxy forwards /apps/ too.",
  }),
  "api-request-refused": defineFailure<{ status: number; reason: string }>({
    ...api,
    faults: ["client", "operator"],
    explain: ({ status, reason }) => `The HTTP API answered ${status}: ${reason}.`,
    fix: "Compare app id, key and secret with those of the app on the server, and read its log.",
  }),
  "api-clock-skew": defineFailure<{ skewSeconds: number }>({
    ...api,
    severity: "warning",
    faults: ["operator"],
    explain: ({ skewSeconds }) =>
      `This machine's clock is ${Math.abs(skewSeconds)} s ${skewSeconds < 0 ? "behind" : "ahead of"} the server's.`,
    fix: "Synchronise both clocks (NTP): signatures are refused once the difference passes the server's tolerance.",
  }),
} as const;

export const doctorFailures = defineFailures(definitions);

export type DoctorFailureName = keyof typeof definitions;
