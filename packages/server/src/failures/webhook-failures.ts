/**
 * Why a webhook did not arrive. For the operator's log and metrics: nobody else hears of it. Targets are named without
 * query and credentials, which may be secret. Raised by `webhooks/`.
 */
import { defineFailure, defineFailures } from "@antiphon/websocket";

const webhook = {
  phase: "webhook",
  faults: ["application", "network"],
  certainty: "likely",
  severity: "warning",
  spec: "Pusher protocol, webhooks",
  retry: "backoff",
} as const;

const definitions = {
  "webhook-connection-failed": defineFailure<{ target: string; code: string }>({
    ...webhook,
    explain: ({ target, code }) => `The webhook ${target} could not be reached (${code}).`,
    fix: "See that the receiver runs and that this machine can resolve and reach it, with a valid certificate if it is https.",
  }),
  "webhook-timeout": defineFailure<{ target: string; timeoutMs: number }>({
    ...webhook,
    explain: ({ target, timeoutMs }) => `The webhook ${target} did not answer within ${timeoutMs} ms.`,
    fix: "Let the receiver answer at once and do its work afterwards, or raise webhooks.timeoutMs.",
  }),
  "webhook-refused": defineFailure<{ target: string; status: number }>({
    ...webhook,
    faults: ["application"],
    certainty: "proved",
    explain: ({ target, status }) => `The webhook ${target} answered ${status}; only 2xx counts as received.`,
    fix: "Look at the receiver's log; a 401 or 403 often means that it verifies with another key or secret.",
  }),
  "webhook-redirected": defineFailure<{ target: string; status: number }>({
    ...webhook,
    faults: ["operator"],
    certainty: "proved",
    explain: ({ target, status }) =>
      `The webhook ${target} answered ${status}, and redirects are not followed.`,
    fix: "Configure the URL that it redirects to.",
  }),
  "webhook-address-denied": defineFailure<{ target: string; address: string }>({
    ...webhook,
    faults: ["operator"],
    certainty: "proved",
    retry: "after-change",
    explain: ({ target, address }) => `The webhook ${target} is at ${address}, a private address.`,
    fix: "Use a public URL, or switch webhooks.denyPrivateAddresses off if all apps are your own.",
  }),
  "webhook-header-invalid": defineFailure<{ target: string; header: string }>({
    ...webhook,
    faults: ["operator"],
    certainty: "proved",
    retry: "after-change",
    explain: ({ target, header }) =>
      `The webhook ${target} has a header ${JSON.stringify(header)} that HTTP does not allow.`,
    fix: "Use letters, digits and hyphens in header names, and no line breaks in their values.",
  }),
  "webhook-given-up": defineFailure<{ target: string; events: number; attempts: number; cause: string }>({
    ...webhook,
    severity: "fatal",
    retry: "never",
    explain: ({ target, events, attempts, cause }) =>
      `${events} event(s) for the webhook ${target} are lost after ${attempts} attempt(s); the last failed with ${cause}.`,
    fix: "Repair the receiver and let it read the state of channels over the HTTP API; webhooks.retryForMs is how long we try.",
  }),
  "webhook-queue-full": defineFailure<{ target: string; dropped: number }>({
    ...webhook,
    severity: "fatal",
    retry: "never",
    explain: ({ target, dropped }) =>
      `The queue for the webhook ${target} is full; the ${dropped} oldest event(s) are dropped.`,
    fix: "Make the receiver faster, switch webhooks.batching on, or raise webhooks.maxQueuedEvents.",
  }),
  "webhook-dead-lettered": defineFailure<{
    target: string;
    events: number;
    attempts: number;
    cause: string;
  }>({
    ...webhook,
    severity: "fatal",
    retry: "after-change",
    explain: ({ target, events, attempts, cause }) =>
      `${events} event(s) for the webhook ${target} are set aside after ${attempts} attempt(s); the last failed with ${cause}.`,
    fix: "Repair the receiver; then look at them with antiphon webhooks dead list, and send them with antiphon webhooks dead replay.",
  }),
  "webhook-queue-unavailable": defineFailure<{ target: string; problem: string }>({
    ...webhook,
    faults: ["operator"],
    severity: "fatal",
    explain: ({ target, problem }) =>
      `The queue for the webhook ${target} cannot be used (${problem}); its events wait in memory until it can.`,
    fix: "Look at the Redis or NATS that holds the queue, and at webhooks.queue; nothing has to be restarted.",
  }),
  "webhook-buffer-full": defineFailure<{ target: string }>({
    ...webhook,
    faults: ["operator"],
    severity: "fatal",
    retry: "never",
    explain: ({ target }) =>
      `The queue for the webhook ${target} has been away for so long that new events no longer fit into memory; they are dropped.`,
    fix: "Bring back the Redis or NATS that holds the queue; channels and members are compared then, other events are lost.",
  }),
  "webhook-queue-emptied": defineFailure<{ target: string }>({
    ...webhook,
    faults: ["operator"],
    severity: "fatal",
    retry: "never",
    explain: ({ target }) =>
      `The queue for the webhook ${target} has been emptied in Redis or NATS; events that waited there may be lost.`,
    fix: "Let Redis keep its data (appendonly yes, maxmemory-policy noeviction), or NATS its store folder.",
  }),
  "webhook-lost-on-shutdown": defineFailure<{ target: string; events: number }>({
    ...webhook,
    severity: "fatal",
    retry: "never",
    explain: ({ target, events }) =>
      `${events} event(s) for the webhook ${target} were not delivered before the server stopped.`,
    fix: "Give the server more time to stop, or repair the receiver.",
  }),
};

export const webhookFailures = defineFailures(definitions);

export type WebhookFailureName = keyof typeof definitions;
