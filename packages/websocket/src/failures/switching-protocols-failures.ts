/** What can be wrong with a 101 that a client receives. Raised by `protocol/upgrade-response.ts`, in its order. */
import { defineFailure } from "./failure.ts";

const answer = {
  phase: "response",
  faults: ["server"],
  certainty: "proved",
  severity: "fatal",
  retry: "after-change",
} as const;

export const switchingProtocolsFailures = {
  "response-upgrade-header-invalid": defineFailure<{ upgrade: string | undefined }>({
    ...answer,
    faults: ["server", "proxy"],
    spec: "RFC 6455 §4.1 item 2",
    explain: ({ upgrade }) =>
      upgrade === undefined
        ? "The 101 has no Upgrade header."
        : `The 101 says Upgrade: "${upgrade}", not exactly once websocket.`,
    fix: "The server must answer Upgrade: websocket.",
  }),
  "response-connection-header-invalid": defineFailure<{ connection: string | undefined }>({
    ...answer,
    faults: ["server", "proxy"],
    spec: "RFC 6455 §4.1 item 3",
    explain: ({ connection }) =>
      connection === undefined
        ? "The 101 has no Connection header."
        : `The Connection header "${connection}" of the 101 does not contain the token upgrade.`,
    fix: "The server must answer Connection: Upgrade; if it does, a proxy removed it, so let it pass.",
  }),
  "response-accept-missing": defineFailure({
    ...answer,
    spec: "RFC 6455 §4.1 item 4",
    explain: () => "The 101 has no Sec-WebSocket-Accept header.",
    fix: "The server must compute and send the accept value.",
  }),
  "response-accept-mismatch": defineFailure<{ expected: string; actual: string; hint: string }>({
    ...answer,
    faults: ["server", "proxy"],
    spec: "RFC 6455 §4.1 item 4",
    explain: ({ expected, actual, hint }) =>
      `Sec-WebSocket-Accept is "${actual}", but ${expected} is right${hint}.`,
    fix: "Compute the accept value from the key of this very request; never cache it or hash hex text.",
  }),
  "response-accept-duplicated": defineFailure<{ count: number }>({
    ...answer,
    spec: "RFC 6455 §11.3.3",
    explain: ({ count }) => `The 101 has ${count} Sec-WebSocket-Accept headers.`,
    fix: "Let either the framework or your code write the header, not both.",
  }),
  "response-has-body-headers": defineFailure<{ header: string; value: string }>({
    ...answer,
    spec: "RFC 9110 §8.6",
    explain: ({ header, value }) => `The 101 declares a body (${header}: ${value}).`,
    fix: "Remove body headers from the 101.",
  }),
  "response-extension-syntax": defineFailure<{ problem: string }>({
    ...answer,
    spec: "RFC 6455 §9.1",
    explain: ({ problem }) => `Sec-WebSocket-Extensions of the 101 does not match the grammar: ${problem}.`,
    fix: "Correct the extension header of the answer or drop it.",
  }),
  "response-extension-unrequested": defineFailure<{ extension: string }>({
    ...answer,
    spec: "RFC 6455 §4.1 item 5",
    explain: ({ extension }) => `The 101 accepts the extension "${extension}", which was not offered.`,
    fix: "Answer only with extensions the client listed.",
  }),
  "response-subprotocol-unrequested": defineFailure<{ offered: number; count: number }>({
    ...answer,
    spec: "RFC 6455 §4.1 item 6",
    explain: ({ offered, count }) => {
      if (count > 1) return `The 101 has ${count} Sec-WebSocket-Protocol headers.`;
      return offered === 0
        ? "The 101 names a subprotocol, but none was offered."
        : `The 101 names a subprotocol that is not among the ${offered} offered.`;
    },
    fix: "Answer with one of the offered names, or without the header.",
  }),
  "response-subprotocol-list-echoed": defineFailure<{ offered: number }>({
    ...answer,
    spec: "RFC 6455 §4.2.2, §11.3.4",
    explain: ({ offered }) =>
      `The 101 repeats a list of the ${offered} offered subprotocols instead of choosing one.`,
    fix: "Pick one name; do not copy the request header into the response.",
  }),
  "response-subprotocol-missing": defineFailure<{ offered: number }>({
    ...answer,
    spec: "RFC 6455 §4.1",
    explain: ({ offered }) => `The client offered ${offered} subprotocols, but the 101 chooses none.`,
    fix: "Answer one of the offered names: browsers insist on it; or let a proxy pass the Sec-WebSocket-* headers.",
  }),
  "required-extension-not-accepted": defineFailure<{ extension: string }>({
    ...answer,
    closeCode: 1010,
    spec: "RFC 6455 §7.4.1",
    explain: ({ extension }) =>
      `The 101 does not accept the extension ${extension}, which this client requires.`,
    fix: "Enable the extension on the server or make it optional.",
  }),
};
