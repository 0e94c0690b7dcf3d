/** What is wrong with a client's own request: nothing is sent, the caller gets an error. */
import { defineFailure } from "./failure.ts";

const ownRequest = {
  phase: "client",
  faults: ["application"],
  certainty: "proved",
  severity: "fatal",
  retry: "after-change",
} as const;

export const clientRequestFailures = {
  "url-invalid": defineFailure<{ problem: string }>({
    ...ownRequest,
    spec: "RFC 6455 §3",
    explain: ({ problem }) => `The WebSocket URL is not valid: ${problem}.`,
    fix: "Use ws:// or wss:// with a valid host.",
  }),
  "url-has-fragment": defineFailure({
    ...ownRequest,
    spec: "RFC 6455 §3",
    explain: () => "The WebSocket URL has a fragment, which WebSocket URLs must not have.",
    fix: "Remove the # part from the URL, or write # as %23.",
  }),
  "request-header-not-allowed": defineFailure<{ header: string; problem: string }>({
    ...ownRequest,
    spec: "RFC 6455 §4.1, RFC 9110 §5.5",
    explain: ({ header, problem }) => `The request header "${header}" cannot be sent: ${problem}.`,
    fix: "Leave Host, Upgrade, Connection, Sec-WebSocket-* and the body headers to the client, and keep values printable ASCII.",
  }),
  "request-subprotocol-invalid": defineFailure<{ position: number; problem: string }>({
    ...ownRequest,
    spec: "RFC 6455 §4.1 item 10",
    explain: ({ position, problem }) => `Subprotocol ${position} cannot be offered: ${problem}.`,
    fix: "Offer every subprotocol once, as a plain token.",
  }),
};
