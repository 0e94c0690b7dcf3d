/** Failures of the closing handshake and of connections that end without one (RFC 6455 §5.5.1, §7). */
import { defineFailure } from "./failure.ts";

const badCloseFrame = {
  phase: "close",
  faults: ["client", "server"],
  certainty: "proved",
  severity: "fatal",
  closeCode: 1002,
  retry: "after-change",
} as const;

const callerMistake = {
  phase: "close",
  faults: ["application"],
  certainty: "proved",
  severity: "fatal",
  retry: "not-applicable",
} as const;

const lostConnection = {
  phase: "close",
  certainty: "proved",
  severity: "fatal",
  retry: "backoff",
} as const;

export const closeFailures = {
  "close-payload-one-byte": defineFailure({
    ...badCloseFrame,
    spec: "RFC 6455 §5.5.1",
    explain: () => "A Close frame has a payload of one byte.",
    fix: "Leave the body of a Close frame empty, or start it with a code of two bytes.",
  }),
  "close-code-reserved-on-wire": defineFailure<{ code: number }>({
    ...badCloseFrame,
    spec: "RFC 6455 §7.4.1",
    explain: ({ code }) => `A Close frame carries ${code}, which is only a local marker.`,
    fix: "Send 1000 or an empty Close frame.",
  }),
  "close-code-out-of-range": defineFailure<{ code: number }>({
    ...badCloseFrame,
    spec: "RFC 6455 §7.4.2",
    explain: ({ code }) => `A Close frame carries ${code}, which nobody may send.`,
    fix: "Use 1000–1003, 1007–1014, 3000–3999 or 4000–4999.",
  }),
  "close-code-byte-order": defineFailure<{ code: number; swapped: number }>({
    ...badCloseFrame,
    certainty: "likely",
    spec: "RFC 6455 §5.5.1",
    explain: ({ code, swapped }) =>
      `A Close frame carries ${code}, which is ${swapped} with its bytes swapped.`,
    fix: "Write the code as two bytes, high byte first.",
  }),
  "close-code-as-text": defineFailure<{ code: number }>({
    ...badCloseFrame,
    certainty: "likely",
    spec: "RFC 6455 §5.5.1",
    explain: ({ code }) => `A Close frame starts with four digits as text, which reads as code ${code}.`,
    fix: "Write the code as a 16-bit number, not as text.",
  }),
  "close-reason-invalid-utf8": defineFailure<{ offset: number }>({
    ...badCloseFrame,
    closeCode: 1007,
    spec: "RFC 6455 §5.5.1, §8.1",
    explain: ({ offset }) => `The reason of a Close frame is not UTF-8 from byte ${offset} on.`,
    fix: "Encode the reason as UTF-8 and cut it at a character border.",
  }),
  "close-reason-too-long": defineFailure<{ reasonBytes: number }>({
    ...callerMistake,
    spec: "RFC 6455 §5.5",
    explain: ({ reasonBytes }) => `A close reason of ${reasonBytes} bytes was asked for; 123 fit.`,
    fix: "Keep the reason at 123 bytes of UTF-8 or less.",
  }),
  "close-code-not-allowed": defineFailure<{ code: number }>({
    ...callerMistake,
    spec: "RFC 6455 §7.4",
    explain: ({ code }) => `close() was called with ${code}, which an application may not send.`,
    fix: "Use 1000 or 3000–4999.",
  }),
  "close-handshake-timeout": defineFailure<{ waitedMs: number }>({
    ...lostConnection,
    faults: ["client", "server", "network"],
    spec: "RFC 6455 §7.1.1",
    explain: ({ waitedMs }) => `The peer did not answer our Close frame within ${waitedMs} ms.`,
    fix: "Check whether the peer's event loop is blocked or the path is dead; the connection is already freed here.",
  }),
  "close-without-frame": defineFailure({
    ...lostConnection,
    faults: ["client", "server", "proxy"],
    spec: "RFC 6455 §7.1.5",
    explain: () => "The TCP connection ended without a Close frame.",
    fix: "Look for a crash, a terminate() call or a proxy timeout on the peer's side.",
  }),
  "tcp-reset": defineFailure({
    ...lostConnection,
    faults: ["client", "server", "proxy", "network"],
    spec: "RFC 6455 §7.1.5",
    explain: () => "The TCP connection was reset.",
    fix: "The peer crashed, was killed, or closed with unread data; look into its log at this second.",
  }),
  "send-after-close": defineFailure<{ state: string }>({
    ...callerMistake,
    phase: "flow",
    spec: "RFC 6455 §5.5.1",
    explain: ({ state }) => `A message was sent on a connection that is ${state}.`,
    fix: "Check isOpen, or handle the result of send.",
  }),
} as const;
