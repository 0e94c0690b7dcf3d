/**
 * What other tools print when no connection comes about, or when one is lost, and what it means. Firefox' texts come from its
 * source and documentation: the browser was not run.
 */
import type { ForeignMessage } from "./foreign-message.ts";

const chromium = "Chromium";

export const foreignConnectionMessages: readonly ForeignMessage[] = [
  {
    fragments: ["ERR_CONNECTION_REFUSED", "ECONNREFUSED", "Connection refused"],
    tools: `${chromium}, Node.js, others`,
    names: ["tcp-connect-refused"],
  },
  {
    fragments: ["ERR_UNSAFE_PORT"],
    tools: chromium,
    names: ["url-invalid"],
  },
  {
    fragments: ["ERR_NAME_NOT_RESOLVED", "ENOTFOUND", "EAI_AGAIN", "getaddrinfo"],
    tools: `${chromium}, Node.js`,
    names: ["dns-lookup-failed"],
  },
  {
    fragments: ["ERR_CONNECTION_TIMED_OUT", "ETIMEDOUT", "UND_ERR_CONNECT_TIMEOUT"],
    tools: `${chromium}, Node.js, undici`,
    names: ["tcp-connect-timeout", "network-changed", "nat-mapping-expired"],
  },
  {
    fragments: ["ERR_NETWORK_CHANGED", "ERR_INTERNET_DISCONNECTED", "EHOSTUNREACH", "ENETUNREACH"],
    tools: `${chromium}, Node.js`,
    names: ["network-changed", "tcp-connect-failed"],
  },
  {
    fragments: ["EADDRNOTAVAIL"],
    tools: "Node.js, libc",
    names: ["ephemeral-ports-exhausted"],
  },
  {
    fragments: ["EMFILE", "Too many open files"],
    tools: "Node.js, nginx, libc",
    names: ["too-many-open-files"],
  },
  {
    fragments: ["EADDRINUSE", "Address already in use"],
    tools: "Node.js, libc",
    names: ["listen-address-in-use"],
  },
  {
    fragments: ["ERR_CONNECTION_RESET", "ECONNRESET", "Connection reset by peer"],
    tools: `${chromium}, Node.js, libc`,
    names: ["tcp-reset", "response-closed-early", "nat-mapping-expired"],
    seeAlso: 1006,
  },
  {
    fragments: ["ERR_CERT_DATE_INVALID", "CERT_HAS_EXPIRED", "certificate has expired"],
    tools: `${chromium}, Node.js, OpenSSL`,
    names: ["tls-certificate-expired"],
  },
  {
    fragments: [
      "ERR_CERT_COMMON_NAME_INVALID",
      "ERR_TLS_CERT_ALTNAME_INVALID",
      "does not match certificate's altnames",
    ],
    tools: `${chromium}, Node.js`,
    names: ["tls-hostname-mismatch"],
  },
  {
    fragments: [
      "ERR_CERT_AUTHORITY_INVALID",
      "DEPTH_ZERO_SELF_SIGNED_CERT",
      "SELF_SIGNED_CERT_IN_CHAIN",
      "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
      "UNABLE_TO_GET_ISSUER_CERT",
      "unable to verify the first certificate",
      "certificate verify failed",
    ],
    tools: `${chromium}, Node.js, OpenSSL`,
    names: ["tls-certificate-untrusted"],
  },
  {
    fragments: ["ERR_BAD_SSL_CLIENT_AUTH_CERT", "certificate required"],
    tools: `${chromium}, OpenSSL`,
    names: ["tls-client-certificate-required"],
  },
  {
    fragments: ["ERR_SSL_VERSION_OR_CIPHER_MISMATCH", "unsupported protocol", "no shared cipher"],
    tools: `${chromium}, OpenSSL`,
    names: ["tls-version-or-cipher"],
  },
  {
    fragments: ["wrong version number", "packet length too long", "EPROTO", "ERR_SSL_PROTOCOL_ERROR"],
    tools: `OpenSSL, Node.js, ${chromium}`,
    names: ["tls-sent-to-plain-port", "tls-version-or-cipher"],
  },
  {
    fragments: ["plain HTTP request was sent to HTTPS port", "HTTP request to an HTTPS server"],
    tools: "nginx, Go",
    names: ["plain-http-sent-to-tls-port"],
  },
  {
    fragments: ["ERR_PROXY_AUTH", "Proxy Authentication Required"],
    tools: chromium,
    names: ["proxy-auth-required"],
  },
  {
    fragments: ["ERR_TUNNEL_CONNECTION_FAILED"],
    tools: chromium,
    names: ["proxy-connect-refused", "proxy-connect-timeout"],
  },
  {
    fragments: [
      "insecure WebSocket connection may not be initiated from a page loaded over HTTPS",
      "attempted to connect to the insecure WebSocket endpoint",
      "The operation is insecure",
    ],
    tools: `${chromium}, Firefox`,
    names: ["mixed-content-blocked"],
  },
  {
    fragments: ["must be either 1000, or between 3000 and 4999", "invalid code"],
    tools: `${chromium}, undici`,
    names: ["close-code-not-allowed"],
  },
  {
    fragments: ["Still in CONNECTING state", "WebSocket is not open: readyState 0"],
    tools: `${chromium}, ws`,
    names: ["send-before-open"],
  },
  {
    fragments: ["already in CLOSING or CLOSED state", "WebSocket is not open: readyState"],
    tools: `${chromium}, ws`,
    names: ["send-after-close"],
  },
  {
    fragments: ["no close frame received or sent"],
    tools: "Python websockets",
    names: ["close-without-frame", "tcp-reset"],
    seeAlso: 1006,
  },
  {
    fragments: ["keepalive ping timeout", "timed out from inactivity"],
    tools: "Python websockets, uWebSockets",
    names: ["heartbeat-timeout", "idle-timeout"],
  },
  {
    fragments: ["is not a websocket client or closed", "] is closed"],
    tools: "Swoole",
    names: ["unknown-connection", "send-after-close"],
  },
  {
    fragments: ["was interrupted while the page was loading"],
    tools: "Firefox",
    names: ["closed-before-established", "server-crash"],
  },
  {
    fragments: ["can't establish a connection"],
    tools: "Firefox",
    names: [
      "browser-connect-failed",
      "tcp-connect-refused",
      "response-status-not-101",
      "tls-certificate-untrusted",
    ],
  },
  {
    fragments: ["upstream prematurely closed connection"],
    tools: "nginx",
    names: ["response-gateway-error", "proxy-http10-upstream"],
  },
  {
    fragments: ["upstream timed out"],
    tools: "nginx",
    names: ["proxy-idle-timeout", "response-gateway-error"],
  },
  {
    fragments: ["worker_connections are not enough"],
    tools: "nginx",
    names: ["proxy-connection-limit"],
  },
];
