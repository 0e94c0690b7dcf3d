/**
 * Why an event sent by a client was not delivered. The connection stays open: the client gets `pusher:error` 4301.
 * Raised by `pusher/client-event.ts`.
 */
import { defineFailure, defineFailures } from "@antiphon/websocket";

const clientEvent = {
  phase: "client-event",
  certainty: "proved",
  severity: "warning",
  retry: "after-change",
  faults: ["client"],
  spec: "Pusher protocol, client events",
} as const;

const definitions = {
  "client-event-disabled": defineFailure<{ appId: string }>({
    ...clientEvent,
    faults: ["operator", "client"],
    // soketi and Reverb word it exactly so, and people search for it.
    explain: () => "The app does not have client messaging enabled.",
    fix: 'Set the app\'s events.clientEvents to "members".',
  }),
  "client-event-name-too-long": defineFailure<{ length: number; limit: number }>({
    ...clientEvent,
    explain: ({ length, limit }) => `The event name has ${length} characters; ${limit} are allowed.`,
    fix: "Use a shorter event name.",
  }),
  "client-event-channel-missing": defineFailure({
    ...clientEvent,
    explain: () => "The client event names no channel.",
    fix: 'Send a string "channel" beside "event", at the top level of the message.',
  }),
  "client-event-channel-not-allowed": defineFailure<{ channel: string }>({
    ...clientEvent,
    explain: ({ channel }) => `Client events are not allowed on ${channel}.`,
    fix: "Use a private- or presence- channel that is not encrypted.",
  }),
  "client-event-not-subscribed": defineFailure<{ channel: string }>({
    ...clientEvent,
    explain: ({ channel }) => `The client is not subscribed to ${channel}.`,
    fix: "Wait for pusher:subscription_succeeded before triggering.",
  }),
  "client-event-rate-exceeded": defineFailure<{ limit: number }>({
    ...clientEvent,
    retry: "backoff",
    explain: ({ limit }) => `More than ${limit} client events were sent within a second.`,
    fix: "Throttle in the client, or raise the app's rates.maxClientEventsPerSecond.",
  }),
  "client-event-too-large": defineFailure<{ bytes: number; limit: number }>({
    ...clientEvent,
    explain: ({ bytes, limit }) => `The event data has ${bytes} bytes; ${limit} are allowed.`,
    fix: "Send less, or raise the app's events.maxDataBytes.",
  }),
};

export const clientEventFailures = defineFailures(definitions);

export type ClientEventFailureName = keyof typeof clientEventFailures.definitions;
