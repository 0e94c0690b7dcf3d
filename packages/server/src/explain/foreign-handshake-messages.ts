/**
 * What other tools print when a handshake fails, and what it means. Where the tables differ from what people remember, the
 * tools have been asked: Chromium by a test, ws and undici by their source as installed here.
 */
import type { ForeignMessage } from "./foreign-message.ts";

const chromium = "Chromium";

export const foreignHandshakeMessages: readonly ForeignMessage[] = [
  {
    fragments: ["Unexpected response code: 200", "Unexpected server response: 200"],
    tools: `${chromium}, ws`,
    names: ["response-status-200", "handshake-hook-rejected-without-status"],
    seeAlso: 200,
  },
  {
    fragments: ["HTTP Authentication failed; no valid credentials available"],
    tools: chromium,
    names: ["response-unauthorized"],
    seeAlso: 401,
  },
  {
    fragments: ["Received network error or non-101 status code"],
    tools: "undici",
    names: ["response-status-not-101", "tcp-connect-refused", "response-closed-early"],
  },
  {
    fragments: [
      "Incorrect 'Sec-WebSocket-Accept' header value",
      "Invalid Sec-WebSocket-Accept header",
      "Accept not match",
      "Incorrect hash received in Sec-WebSocket-Accept",
    ],
    tools: `${chromium}, ws, Workerman, undici`,
    names: ["response-accept-mismatch", "response-accept-missing"],
  },
  {
    fragments: ["'Sec-WebSocket-Accept' header is missing", "Accept not found"],
    tools: `${chromium}, Workerman`,
    names: ["response-accept-missing"],
  },
  {
    fragments: ["'Sec-WebSocket-Accept' header must not appear more than once"],
    tools: chromium,
    names: ["response-accept-duplicated"],
  },
  {
    fragments: [
      "non-empty 'Sec-WebSocket-Protocol' header but no response was received",
      "Server sent no subprotocol",
      "Server did not respond with sent protocols",
      "Protocol was not set in the opening handshake",
    ],
    tools: `${chromium}, ws, undici`,
    names: [
      "response-subprotocol-missing",
      "proxy-subprotocol-header-lost",
      "handshake-subprotocol-no-overlap",
    ],
  },
  {
    fragments: [
      "does not match any of sent values",
      "Server sent an invalid subprotocol",
      "'Sec-WebSocket-Protocol' header must not appear more than once",
    ],
    tools: `${chromium}, ws`,
    names: ["response-subprotocol-list-echoed", "response-subprotocol-unrequested"],
  },
  {
    fragments: [
      "Response must not include 'Sec-WebSocket-Protocol' header",
      "Server sent a subprotocol but none was requested",
    ],
    tools: `${chromium}, ws`,
    names: ["response-subprotocol-unrequested"],
  },
  {
    fragments: [
      "Found an unsupported extension",
      "but no extension was requested",
      "Server indicated an extension that was not requested",
      "Sec-WebSocket-Extensions header does not match",
    ],
    tools: `${chromium}, ws, undici`,
    names: ["response-extension-unrequested"],
  },
  {
    fragments: [
      "Error in permessage-deflate",
      "Received duplicate permessage-deflate response",
      'Unexpected or invalid parameter "client_max_window_bits"',
      'Unexpected parameter "client_no_context_takeover"',
    ],
    tools: `${chromium}, ws`,
    names: ["response-deflate-parameter-invalid", "response-deflate-client-window-unrequested"],
  },
  {
    fragments: [
      "'Upgrade' header is missing",
      "'Upgrade' header value is not 'WebSocket'",
      "Server did not set Upgrade header",
    ],
    tools: `${chromium}, undici`,
    names: ["response-upgrade-header-invalid"],
  },
  {
    fragments: ["Invalid Upgrade header"],
    tools: "ws, as client and as server",
    names: ["response-upgrade-header-invalid", "proxy-stripped-upgrade", "handshake-upgrade-not-websocket"],
  },
  {
    fragments: [
      "'Connection' header is missing",
      "'Connection' header value must contain 'Upgrade'",
      "Server did not set Connection header",
    ],
    tools: `${chromium}, undici`,
    names: ["response-connection-header-invalid", "handshake-connection-token-missing"],
  },
  {
    fragments: ["Missing or invalid Sec-WebSocket-Key", "missing Sec-WebSocket-Key header"],
    tools: "ws, Python websockets",
    names: ["handshake-key-missing", "handshake-key-invalid", "handshake-not-an-upgrade"],
  },
  {
    fragments: ["Missing or invalid Sec-WebSocket-Version", "Unsupported WebSocket version"],
    tools: `ws, websocket-driver`,
    names: ["handshake-version-missing", "handshake-version-unsupported"],
  },
  {
    fragments: ["Invalid Sec-WebSocket-Protocol header"],
    tools: "ws",
    names: ["handshake-subprotocol-syntax", "handshake-subprotocol-duplicate"],
  },
  {
    fragments: ["Invalid or unacceptable Sec-WebSocket-Extensions"],
    tools: "ws",
    names: ["handshake-extension-syntax", "deflate-offer-declined"],
  },
  {
    fragments: ["handleUpgrade() was called more than once"],
    tools: "ws",
    names: ["upgrade-handled-twice"],
  },
  {
    fragments: [
      "closed before the connection is established",
      "closed before the connection was established",
      "Connection was closed before it was established",
    ],
    tools: `${chromium}, ws, undici`,
    names: ["closed-before-established"],
  },
  {
    fragments: [
      "Opening handshake has timed out",
      "timed out during opening handshake",
      "WebSocket opening handshake timed out",
    ],
    tools: `ws, Python websockets, ${chromium}`,
    names: ["response-timeout", "tcp-connect-timeout"],
  },
  {
    fragments: [
      "socket hang up",
      "did not receive a valid HTTP response",
      "Connection closed before receiving a handshake response",
      "ERR_EMPTY_RESPONSE",
    ],
    tools: `Node.js, Python websockets, ${chromium}`,
    names: ["response-closed-early", "plain-http-sent-to-tls-port"],
  },
  {
    fragments: ["ERR_INVALID_HTTP_RESPONSE", "Invalid status line"],
    tools: chromium,
    names: ["response-malformed-http", "server-frame-before-101", "plain-http-sent-to-tls-port"],
  },
  {
    fragments: ["URL contains a fragment identifier"],
    tools: chromium,
    names: ["url-has-fragment"],
  },
  {
    fragments: ["The subprotocol '"],
    tools: chromium,
    names: ["request-subprotocol-invalid"],
  },
  {
    fragments: ["ERR_TOO_MANY_REDIRECTS", "Maximum redirects exceeded"],
    tools: `${chromium}, ws`,
    names: ["response-redirect-loop", "response-redirect"],
  },
];
