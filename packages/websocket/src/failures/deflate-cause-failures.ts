/**
 * Why compressed messages do not inflate, where the bytes suggest it but do not prove it. The engine gives the first two as
 * hints of `deflate-data-corrupt`; `explain` knows all of them by name.
 */
import { defineFailure } from "./failure.ts";

const cause = {
  phase: "deflate",
  faults: ["client", "server"],
  certainty: "likely",
  severity: "info",
  closeCode: 1007,
  retry: "after-change",
} as const;

export const deflateCauseFailures = {
  "deflate-context-mismatch": defineFailure({
    ...cause,
    spec: "RFC 7692 §7.1.1",
    explain: () =>
      "The first compressed message inflates, later ones do not: the sides disagree on whether the window is kept.",
    fix: "Keep or reset the compressor between messages as the handshake agreed on context takeover.",
  }),
  "deflate-window-exceeded": defineFailure({
    ...cause,
    spec: "RFC 7692 §7.1.2",
    explain: () => "A compressed message refers back further than the agreed window.",
    fix: "Compress with the negotiated window size.",
  }),
  "deflate-fragment-inflated-separately": defineFailure({
    ...cause,
    spec: "RFC 7692 §6.2",
    explain: () =>
      "The first fragment of a compressed message decodes and the rest is noise: the receiver inflates fragments one by one.",
    fix: "Join all fragments of a message before it is inflated.",
  }),
  "deflate-memory-pressure": defineFailure<{ connections?: number }>({
    phase: "deflate",
    faults: ["server"],
    certainty: "likely",
    severity: "warning",
    spec: "RFC 7692 §8",
    retry: "not-applicable",
    explain: ({ connections }) =>
      `The server's memory grows with its connections${connections === undefined ? "" : ` (${connections} now)`}, since each holds a compressor.`,
    fix: "Turn compression off, or use no context takeover, smaller windows and a threshold.",
  }),
} as const;
