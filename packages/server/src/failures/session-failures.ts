/**
 * Why an open session was ended for reasons of the connection itself. Raised by `pusher/session.ts` on behalf of the
 * shell, which watches pings and buffers.
 */
import { defineFailure, defineFailures } from "@antiphon/websocket";

const session = { phase: "session", certainty: "likely", severity: "fatal" } as const;

const definitions = {
  "session-pong-missed": defineFailure<{ waitedMs: number }>({
    ...session,
    faults: ["network", "client"],
    spec: "Pusher protocol, code 4201",
    closeCode: 4201,
    retry: "now",
    explain: ({ waitedMs }) => `The client gave no sign of life for ${waitedMs / 1000} s after a ping.`,
    fix: "Nothing to do if the client went offline; otherwise look for a proxy that drops idle connections or pings.",
  }),
  "session-client-too-slow": defineFailure<{ bufferedBytes: number; limit: number }>({
    ...session,
    certainty: "proved",
    faults: ["client", "network"],
    spec: "Pusher protocol, code 4100",
    closeCode: 4100,
    retry: "backoff",
    explain: ({ bufferedBytes, limit }) =>
      `The client is too slow: ${bufferedBytes} bytes wait to be sent, ${limit} are allowed.`,
    fix: "Publish less to this client's channels, or raise the app's connection.maxBufferedBytes.",
  }),
};

export const sessionFailures = defineFailures(definitions);

export type SessionFailureName = keyof typeof sessionFailures.definitions;
