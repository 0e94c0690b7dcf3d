/** Mistakes of whoever builds frames by hand with `@antiphon/websocket/frames`; thrown, since the caller is wrong. */
import { defineFailure } from "./failure.ts";

const callerMistake = {
  phase: "frame",
  faults: ["application"],
  certainty: "proved",
  severity: "fatal",
  retry: "not-applicable",
} as const;

export const frameHelperFailures = {
  "frame-role-missing": defineFailure<{ role: string }>({
    ...callerMistake,
    spec: "RFC 6455 §5.1",
    explain: ({ role }) => `A frame was to be handled for the role ${role}, but the role decides who masks.`,
    fix: 'Say role: "client" or role: "server"; there is no default.',
  }),
  "frame-mask-key-chosen": defineFailure({
    ...callerMistake,
    spec: "RFC 6455 §5.3",
    explain: () => "A masking key was passed in, so it cannot be an unpredictable one.",
    fix: "Leave the key to the helper; tests that need known bytes pass mask and unsafe: true together.",
  }),
  "frame-mask-key-size": defineFailure<{ keyBytes: number }>({
    ...callerMistake,
    spec: "RFC 6455 §5.2",
    explain: ({ keyBytes }) => `A masking key of ${keyBytes} bytes was passed in; it has 4.`,
    fix: "Pass exactly four bytes.",
  }),
  "frame-pack-flags-invalid": defineFailure<{ flags: string }>({
    ...callerMistake,
    spec: "RFC 6455 §5.2",
    explain: ({ flags }) => `pack was called with the flags ${flags}, which are not a sum of frameFlags.`,
    fix: "Pass frameFlags.fin for a whole message; true and false are not flags.",
  }),
  "frame-pack-without-fin": defineFailure<{ flags: number }>({
    ...callerMistake,
    spec: "RFC 6455 §5.4",
    explain: ({ flags }) =>
      `pack was called with the flags ${flags}, without FIN: that opens a fragmented message, and the next message would fail.`,
    fix: "Pass frameFlags.fin, or { fragment: true } if continuation frames really follow.",
  }),
  "frame-pack-compressed-fragment": defineFailure({
    ...callerMistake,
    spec: "RFC 7692 §6.1",
    explain: () => "pack was asked to compress a fragment, but a message is compressed as a whole.",
    fix: "Compress the whole message, then split the result; set frameFlags.rsv1 on the first frame only.",
  }),
  "close-reason-without-code": defineFailure({
    ...callerMistake,
    phase: "close",
    spec: "RFC 6455 §5.5.1",
    explain: () => "A Close frame with a reason but without a code was asked for.",
    fix: "Pass a code such as 1000, or leave the reason empty.",
  }),
} as const;
