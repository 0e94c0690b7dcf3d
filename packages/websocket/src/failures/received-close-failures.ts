/**
 * What a Close frame of the peer means for whoever expected the connection to stay (RFC 6455 §7.4, IANA). Raised by
 * `client/received-close.ts`; 1000, 1001 and 1005 are ordinary ends where nothing more was expected.
 */
import { defineFailure } from "./failure.ts";

type ReceivedClose = { readonly code: number; readonly reason: string };

const received = { phase: "close", certainty: "proved", severity: "fatal", spec: "RFC 6455 §7.4.1" } as const;
const ourFault = { ...received, faults: ["application"], retry: "after-change" } as const;
const theirTrouble = { ...received, faults: ["server", "client"], retry: "backoff" } as const;

function quote(reason: string): string {
  return reason === "" ? "" : ` ("${reason}")`;
}

export const receivedCloseFailures = {
  "close-normal": defineFailure<ReceivedClose>({
    ...received,
    faults: ["nobody"],
    retry: "never",
    explain: ({ code, reason }) => `The peer closed with ${code}${quote(reason)}: it is done.`,
    fix: "Nothing to fix.",
  }),
  "close-no-status": defineFailure<ReceivedClose>({
    ...received,
    faults: ["nobody"],
    retry: "never",
    explain: () => "The peer closed politely, without a code.",
    fix: "Nothing to fix; 1005 is only a local marker.",
  }),
  "close-going-away": defineFailure<ReceivedClose>({
    ...theirTrouble,
    explain: ({ code, reason }) => `The peer closed with ${code}${quote(reason)}: it goes away.`,
    fix: "The page was left or the server stopped; reconnect if still needed.",
  }),
  "close-protocol-error-received": defineFailure<ReceivedClose>({
    ...ourFault,
    explain: ({ code, reason }) => `The peer closed with ${code}${quote(reason)}: it found our frames wrong.`,
    fix: "Look at what was sent last, and for a middle box that changes frames.",
  }),
  "close-unsupported-data-received": defineFailure<ReceivedClose>({
    ...ourFault,
    explain: ({ code, reason }) =>
      `The peer closed with ${code}${quote(reason)}: it does not take such data.`,
    fix: "Send the message type (text or binary) that the peer accepts.",
  }),
  "close-invalid-data-received": defineFailure<ReceivedClose>({
    ...ourFault,
    explain: ({ code, reason }) =>
      `The peer closed with ${code}${quote(reason)}: our data is not what it claims.`,
    fix: "Check what the messages contain, and that compression follows the negotiated parameters.",
  }),
  "close-policy-violation": defineFailure<ReceivedClose>({
    ...ourFault,
    explain: ({ code, reason }) =>
      `The peer closed with ${code}${quote(reason)}: a policy forbids what we do.`,
    fix: "Read the reason text.",
  }),
  "close-too-big-received": defineFailure<ReceivedClose>({
    ...ourFault,
    explain: ({ code, reason }) => `The peer closed with ${code}${quote(reason)}: our message was too big.`,
    fix: "Send smaller messages or raise the peer's limit.",
  }),
  "close-mandatory-extension": defineFailure<ReceivedClose>({
    ...ourFault,
    faults: ["server"],
    explain: ({ code, reason }) => `The peer closed with ${code}${quote(reason)}: it misses an extension.`,
    fix: "Enable the extension named in the reason.",
  }),
  "close-internal-error": defineFailure<ReceivedClose>({
    ...theirTrouble,
    explain: ({ code, reason }) => `The peer closed with ${code}${quote(reason)}: its own code failed.`,
    fix: "See the peer's log.",
  }),
  "close-service-restart": defineFailure<ReceivedClose>({
    ...theirTrouble,
    spec: "IANA close code 1012",
    explain: ({ code, reason }) => `The peer closed with ${code}${quote(reason)}: it restarts.`,
    fix: "Reconnect after a random 5–30 s.",
  }),
  "close-try-again-later": defineFailure<ReceivedClose>({
    ...theirTrouble,
    spec: "IANA close code 1013",
    explain: ({ code, reason }) => `The peer closed with ${code}${quote(reason)}: it is overloaded.`,
    fix: "Back off, then reconnect.",
  }),
  "close-bad-gateway": defineFailure<ReceivedClose>({
    ...theirTrouble,
    faults: ["server", "proxy"],
    spec: "IANA close code 1014",
    explain: ({ code, reason }) =>
      `The peer closed with ${code}${quote(reason)}: a service behind it failed.`,
    fix: "Check the service behind the server, then retry.",
  }),
  "close-registered-code": defineFailure<ReceivedClose>({
    ...received,
    faults: ["application"],
    retry: "after-change",
    spec: "RFC 6455 §7.4.2",
    explain: ({ code, reason }) => `The peer closed with the registered code ${code}${quote(reason)}.`,
    fix: "Look the number up in the IANA list (3000 unauthorized, 3003 forbidden, 3008 timeout).",
  }),
  "close-application-code": defineFailure<ReceivedClose>({
    ...received,
    faults: ["application"],
    retry: "after-change",
    spec: "RFC 6455 §7.4.2",
    explain: ({ code, reason }) => `The peer closed with the application's code ${code}${quote(reason)}.`,
    fix: "Its meaning is defined by the application (Pusher: 4000–4299).",
  }),
} as const;
