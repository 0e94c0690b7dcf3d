/**
 * What can be wrong with the WebSocket headers of a handshake request: version, key, subprotocols, extensions, origin.
 * No entry ever quotes a key or a subprotocol: clients put bearer tokens there.
 */
import { defineFailure } from "./failure.ts";

const header = {
  phase: "request",
  certainty: "proved",
  severity: "fatal",
  httpStatus: 400,
  retry: "after-change",
} as const;

export const websocketHeaderFailures = {
  "handshake-version-missing": defineFailure({
    ...header,
    faults: ["client"],
    spec: "RFC 6455 §4.2.1 item 6",
    explain: () => "The request has no Sec-WebSocket-Version header.",
    fix: "Send Sec-WebSocket-Version: 13.",
  }),
  "handshake-version-malformed": defineFailure<{ version: string; count: number }>({
    ...header,
    faults: ["client"],
    spec: "RFC 6455 §4.3, §11.3.5",
    explain: ({ version, count }) =>
      count > 1
        ? `The request has ${count} Sec-WebSocket-Version headers.`
        : `The Sec-WebSocket-Version "${version}" is not a number from 0 to 255.`,
    fix: "Send the version once, as the bare number 13.",
  }),
  "handshake-version-unsupported": defineFailure<{ version: number }>({
    ...header,
    faults: ["client"],
    spec: "RFC 6455 §4.2.2, §4.4",
    httpStatus: 426,
    explain: ({ version }) => `The client asks for WebSocket version ${version}, the server speaks 13.`,
    fix: "Update the client library; only version 13 is the standard.",
  }),
  "handshake-legacy-hixie76": defineFailure({
    ...header,
    faults: ["client"],
    spec: "RFC 6455 §4.4",
    httpStatus: 426,
    explain: () => "The request has the headers Sec-WebSocket-Key1 and Key2 of the 2010 Hixie-76 draft.",
    fix: "The client is from before 2011 and cannot work; replace it.",
  }),
  "handshake-key-missing": defineFailure({
    ...header,
    faults: ["client"],
    spec: "RFC 6455 §4.2.1 item 5",
    explain: () => "The request has no Sec-WebSocket-Key header.",
    fix: "Use a real WebSocket client library; it adds the key.",
  }),
  "handshake-key-duplicated": defineFailure<{ count: number }>({
    ...header,
    faults: ["client", "proxy"],
    spec: "RFC 6455 §11.3.1",
    explain: ({ count }) => `The request has ${count} Sec-WebSocket-Key headers.`,
    fix: "Send exactly one Sec-WebSocket-Key.",
  }),
  "handshake-key-invalid": defineFailure<{ characters: number }>({
    ...header,
    faults: ["client"],
    spec: "RFC 6455 §4.2.1 item 5",
    explain: ({ characters }) =>
      `The Sec-WebSocket-Key of ${characters} characters is not 16 bytes in base64, which is 22 characters and "==".`,
    fix: "The key must be 16 random bytes in base64.",
  }),
  "handshake-subprotocol-syntax": defineFailure<{ problem: string }>({
    ...header,
    faults: ["client"],
    spec: "RFC 6455 §4.1 item 10",
    explain: ({ problem }) => `Sec-WebSocket-Protocol is not a list of tokens: ${problem}.`,
    fix: "Subprotocol names are plain tokens separated by commas; encode anything else with base64url.",
  }),
  "handshake-subprotocol-duplicate": defineFailure<{ position: number }>({
    ...header,
    faults: ["client"],
    spec: "RFC 6455 §4.1 item 10",
    explain: ({ position }) => `Subprotocol ${position} of the list repeats an earlier one.`,
    fix: "List every subprotocol only once.",
  }),
  "handshake-subprotocol-no-overlap": defineFailure<{ offered: number; supported: number }>({
    ...header,
    faults: ["client", "server"],
    spec: "RFC 6455 §4.2.2",
    explain: ({ offered, supported }) =>
      `None of the ${offered} offered subprotocols is among the ${supported} that the server supports.`,
    fix: "Make client and server agree on at least one subprotocol name.",
  }),
  "handshake-extension-syntax": defineFailure<{ problem: string }>({
    ...header,
    faults: ["client"],
    spec: "RFC 6455 §9.1",
    explain: ({ problem }) => `Sec-WebSocket-Extensions does not match the grammar: ${problem}.`,
    fix: "Correct the extension header or drop it.",
  }),
  "handshake-origin-malformed": defineFailure<{ origin: string; count: number }>({
    ...header,
    faults: ["client"],
    spec: "RFC 6455 §4.2.2, RFC 6454 §7",
    explain: ({ origin, count }) =>
      count > 1
        ? `The request has ${count} Origin headers.`
        : `The Origin "${origin}" is not of the form scheme://host[:port].`,
    fix: "Send one Origin in the form https://host[:port].",
  }),
  "handshake-origin-missing": defineFailure({
    ...header,
    faults: ["client"],
    spec: "RFC 6455 §10.2",
    httpStatus: 403,
    explain: () => "The request has no Origin header, and this server demands one.",
    fix: "Set Origin in the native client or allow missing origins.",
  }),
  "handshake-origin-rejected": defineFailure<{ origin: string }>({
    ...header,
    faults: ["client", "server"],
    spec: "RFC 6455 §10.2",
    httpStatus: 403,
    explain: ({ origin }) => `The origin "${origin}" is not among the allowed origins.`,
    fix: "Add the exact origin (scheme, host, port) of the page to the allow list.",
  }),
};
