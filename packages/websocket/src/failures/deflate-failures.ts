/** Failures of compressed messages (RFC 7692). */
import { defineFailure } from "./failure.ts";

const badData = {
  phase: "deflate",
  faults: ["client", "server"],
  certainty: "proved",
  severity: "fatal",
  closeCode: 1007,
  retry: "after-change",
} as const;

/** Another likely cause, where the kind of damage suggests one. */
type DeflateHint = "deflate-context-mismatch" | "deflate-window-exceeded";

function explainHint(hint: DeflateHint | undefined): string {
  if (hint === undefined) return "";
  return hint === "deflate-context-mismatch"
    ? " It refers to an earlier message, although each was to be compressed by itself."
    : " It refers back further than the agreed window.";
}

export const deflateFailures = {
  "deflate-data-corrupt": defineFailure<{ detail: string; hint: DeflateHint | undefined }>({
    ...badData,
    spec: "RFC 7692 §7.2.2",
    explain: ({ detail, hint }) => `A compressed message does not inflate: ${detail}.${explainHint(hint)}`,
    fix: "Send raw DEFLATE data, and keep or reset the compressor between messages as the handshake agreed.",
  }),
  "deflate-gzip-or-zlib-header": defineFailure<{ format: string }>({
    ...badData,
    spec: "RFC 7692 §7.2.1",
    explain: ({ format }) => `A compressed message starts with a ${format} header.`,
    fix: "Use raw DEFLATE, without header and checksum.",
  }),
  "deflate-tail-not-stripped": defineFailure({
    ...badData,
    severity: "warning",
    spec: "RFC 7692 §7.2.1",
    explain: () => "A compressed message still ends with the 00 00 ff ff of the sync flush.",
    fix: "Remove the last four bytes after the sync flush; some receivers fail on them.",
  }),
  "deflate-bomb": defineFailure<{ compressedBytes: number; limitBytes: number }>({
    ...badData,
    closeCode: 1009,
    spec: "RFC 6455 §10.4",
    explain: ({ compressedBytes, limitBytes }) =>
      `${compressedBytes} compressed bytes inflate to more than the limit of ${limitBytes}.`,
    fix: "Send less per message, or raise maxMessageBytes on the receiver knowingly.",
  }),
} as const;
