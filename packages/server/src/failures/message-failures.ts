/**
 * What can be wrong with a message from a client before its own rules apply: its framing as JSON, its event name, its
 * rate. Raised by `pusher/envelope.ts` and the session.
 */
import { defineFailure, defineFailures } from "@antiphon/websocket";

const message = {
  phase: "message",
  certainty: "proved",
  severity: "warning",
  retry: "after-change",
  faults: ["client"],
  spec: "Pusher protocol, messages",
} as const;

const definitions = {
  "message-not-json": defineFailure<{ characters: number }>({
    ...message,
    explain: () => "The message is not JSON.",
    fix: 'Send {"event":…,"data":…} as one text message.',
  }),
  "message-too-deep": defineFailure<{ limit: number }>({
    ...message,
    explain: ({ limit }) => `The message nests objects and arrays more than ${limit} deep.`,
    fix: "Send flatter data.",
  }),
  "message-not-object": defineFailure<{ type: string }>({
    ...message,
    explain: ({ type }) => `The message is JSON, but ${type}, not an object.`,
    fix: 'Send {"event":…,"data":…}.',
  }),
  "message-event-missing": defineFailure<{ type: string }>({
    ...message,
    explain: ({ type }) => `The message has no event name: "event" is ${type}.`,
    fix: 'Give each message a string "event".',
  }),
  "message-data-invalid": defineFailure<{ event: string; type: string }>({
    ...message,
    explain: ({ event, type }) => `The data of ${event} is ${type}, not an object.`,
    fix: "Send data as an object, or as the JSON text of one.",
  }),
  "message-event-not-allowed": defineFailure<{ event: string }>({
    ...message,
    explain: ({ event }) =>
      `Clients may not send the event "${event}": its name does not start with client-.`,
    fix: "Prefix the event with client-, or publish it through the HTTP API.",
  }),
  "message-event-ignored": defineFailure<{ event: string }>({
    ...message,
    severity: "info",
    retry: "not-applicable",
    explain: ({ event }) => `The event ${event} has no meaning for this server and was ignored.`,
    fix: "Nothing to do: clients of other servers send events of their own.",
  }),
  "message-rate-exceeded": defineFailure<{ limit: number; windowSeconds: number }>({
    ...message,
    retry: "backoff",
    explain: ({ limit, windowSeconds }) => `More than ${limit} messages were sent within ${windowSeconds} s.`,
    fix: "Send less often, or raise the app's rates.messages.",
  }),
  "message-errors-exceeded": defineFailure<{ limit: number }>({
    ...message,
    severity: "fatal",
    closeCode: 4009,
    explain: ({ limit }) => `More than ${limit} malformed messages were sent within a minute.`,
    fix: "Speak the Pusher protocol; the server's log names what was wrong with each message.",
  }),
};

export const messageFailures = defineFailures(definitions);

export type MessageFailureName = keyof typeof messageFailures.definitions;
