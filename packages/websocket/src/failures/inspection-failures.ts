/**
 * What the byte inspector adds to the engine's verdict: likely causes that only show when all the bytes lie on the table,
 * and text that is no bytes at all. None of them ends a connection.
 */
import { defineFailure } from "./failure.ts";

const likelyCause = {
  phase: "frame",
  faults: ["client", "server"],
  certainty: "likely",
  severity: "info",
  retry: "after-change",
} as const;

export const inspectionFailures = {
  "frame-payload-longer-than-length": defineFailure<{ declaredBytes: number; leftBytes: number }>({
    ...likelyCause,
    spec: "RFC 6455 §5.2",
    explain: ({ declaredBytes, leftBytes }) =>
      `A frame declares ${declaredBytes} bytes, and what follows them (bytes: ${leftBytes}) is no frame: the payload was probably longer.`,
    fix: "Count bytes, not characters, when writing the length: the rest of the payload is read as a new frame.",
  }),
  "frame-payload-shorter-than-length": defineFailure<{ declaredBytes: number; foundBytes: number }>({
    ...likelyCause,
    spec: "RFC 6455 §5.2",
    explain: ({ declaredBytes, foundBytes }) =>
      `A frame declares ${declaredBytes} bytes, but a whole frame begins after ${foundBytes} of them: the payload was probably shorter.`,
    fix: "Declare the length of what is really sent; the next frame's header is eaten as payload.",
  }),
  "frame-length-byte-order": defineFailure<{ declaredBytes: number; swappedBytes: number }>({
    ...likelyCause,
    spec: "RFC 6455 §5.2",
    explain: ({ declaredBytes, swappedBytes }) =>
      `A frame declares ${declaredBytes} bytes, but read low byte first it is ${swappedBytes}, which fits what follows.`,
    fix: "Write lengths high byte first (network order).",
  }),
  "data-after-close": defineFailure<{ bytes: number }>({
    ...likelyCause,
    certainty: "proved",
    spec: "RFC 6455 §5.5.1",
    explain: ({ bytes }) => `Something follows the Close frame (bytes: ${bytes}); receivers ignore it.`,
    fix: "Send nothing after a Close frame.",
  }),
  "deflate-masked-before-compressed": defineFailure({
    ...likelyCause,
    phase: "deflate",
    faults: ["client"],
    spec: "RFC 7692 §6.1, RFC 6455 §5.3",
    explain: () => "A compressed message does not inflate after unmasking, but does before it.",
    fix: "Compress first, then mask.",
  }),
  "application-protocol-mismatch": defineFailure<{ protocol: string }>({
    ...likelyCause,
    faults: ["client"],
    spec: "RFC 6455 §1.5",
    explain: ({ protocol }) => `The frames are right, but their payload looks like ${protocol}.`,
    fix: "Use the client library that matches this endpoint; the WebSocket layer itself works.",
  }),
  "byte-text-invalid": defineFailure<{ position: number; problem: string }>({
    phase: "tool",
    faults: ["application"],
    certainty: "proved",
    severity: "fatal",
    spec: "antiphon decode",
    retry: "after-change",
    explain: ({ position, problem }) =>
      `The text does not stand for bytes: ${problem}, at character ${position}.`,
    fix: "Paste hex, \\x escapes, base64, or the output of hexdump -C, xxd or tcpdump -x.",
  }),
} as const;
