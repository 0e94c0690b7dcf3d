/**
 * How the negotiation of permessage-deflate can end without compression, on the server, or break the handshake, on the
 * client. Raised by `protocol/permessage-deflate-*.ts`.
 */
import { defineFailure } from "./failure.ts";

const answer = {
  phase: "response",
  faults: ["server"],
  certainty: "proved",
  severity: "fatal",
  retry: "after-change",
} as const;

/** Failures of the permessage-deflate negotiation, both roles. */
export const deflateNegotiationFailures = {
  "deflate-offer-declined": defineFailure<{ offers: number; reason: string }>({
    phase: "request",
    faults: ["client", "server"],
    certainty: "proved",
    severity: "info",
    spec: "RFC 7692 §7",
    retry: "not-applicable",
    explain: ({ offers, reason }) =>
      `None of the ${offers} permessage-deflate offers was accepted: ${reason}.`,
    fix: "Nothing is broken; traffic is just uncompressed.",
  }),
  "deflate-safari15": defineFailure<{ version: string }>({
    phase: "deflate",
    faults: ["client"],
    // Known by the user agent only.
    certainty: "likely",
    severity: "info",
    spec: "RFC 7692 §7.1.1.2",
    retry: "not-applicable",
    explain: ({ version }) =>
      `Safari ${version} breaks messages under client_no_context_takeover, so compression was not accepted.`,
    fix: "Deflate is switched off for this browser version; update to Safari 15.4 or later.",
  }),
  "response-deflate-parameter-invalid": defineFailure<{ problem: string }>({
    ...answer,
    spec: "RFC 7692 §7.1",
    explain: ({ problem }) => `The server's permessage-deflate answer is not valid: ${problem}.`,
    fix: "Correct the permessage-deflate answer.",
  }),
  "response-deflate-window-larger-than-offered": defineFailure<{
    parameter: string;
    offered: number;
    answered: number;
  }>({
    ...answer,
    spec: "RFC 7692 §7.1.2",
    explain: ({ parameter, offered, answered }) =>
      `The server answered ${parameter}=${answered}, but the offer allows at most ${offered}.`,
    fix: "Answer with a window not larger than the offered one.",
  }),
  "response-deflate-client-window-unrequested": defineFailure<{ answered: number }>({
    ...answer,
    spec: "RFC 7692 §7.1.2.2",
    explain: ({ answered }) =>
      `The server answered client_max_window_bits=${answered}, which was not offered.`,
    fix: "Send client_max_window_bits only if the client offered it.",
  }),
  "response-deflate-takeover-ignored": defineFailure({
    ...answer,
    spec: "RFC 7692 §7.1.1.1",
    explain: () => "The client asked for server_no_context_takeover, but the accepting answer lacks it.",
    fix: "Repeat server_no_context_takeover or decline the extension.",
  }),
};
