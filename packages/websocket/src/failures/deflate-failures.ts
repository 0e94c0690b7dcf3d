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

export const deflateFailures = {
  "deflate-data-corrupt": defineFailure<{ detail: string }>({
    ...badData,
    spec: "RFC 7692 §7.2.2",
    explain: ({ detail }) => `A compressed message does not inflate: ${detail}.`,
    fix: "Send raw DEFLATE data, and keep or reset the compressor between messages as the handshake agreed.",
  }),
  "deflate-gzip-or-zlib-header": defineFailure<{ format: string }>({
    ...badData,
    spec: "RFC 7692 §7.2.1",
    explain: ({ format }) => `A compressed message starts with a ${format} header.`,
    fix: "Use raw DEFLATE, without header and checksum.",
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
