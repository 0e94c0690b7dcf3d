import { describe, expect, it } from "vitest";
import { judgeMalformedRequest } from "./malformed-request.ts";

const head = "GET / HTTP/1.1\r\nHost: a\r\n";

function fromHex(hex: string): Uint8Array {
  return Buffer.from(hex.replaceAll(" ", ""), "hex");
}

describe("a request that an HTTP parser gave up on", () => {
  it.each([
    ["a TLS hello", "HPE_INVALID_METHOD", fromHex("16 03 01 02 00 01"), "tls-sent-to-plain-port", 400],
    [
      "PROXY protocol 1",
      "HPE_INVALID_METHOD",
      Buffer.from("PROXY TCP4 10.0.0.1 "),
      "proxy-protocol-preamble",
      400,
    ],
    [
      "PROXY protocol 2",
      "HPE_INVALID_METHOD",
      fromHex("0d0a0d0a000d0a515549540a 21 11"),
      "proxy-protocol-preamble",
      400,
    ],
    [
      "an HTTP/2 preface",
      "HPE_PAUSED_H2_UPGRADE",
      Buffer.from("PRI * HTTP/2.0\r\n"),
      "handshake-malformed-http",
      400,
    ],
    ["SSH", "HPE_INVALID_METHOD", Buffer.from("SSH-2.0-OpenSSH"), "handshake-malformed-http", 400],
    ["a SOCKS 5 client", "HPE_INVALID_METHOD", fromHex("05 01 00"), "handshake-malformed-http", 400],
    [
      "a folded header line",
      "HPE_INVALID_HEADER_TOKEN",
      Buffer.from(`${head}X: a\r\n b\r\n\r\n`),
      "handshake-obsolete-line-folding",
      400,
    ],
    [
      "NUL in a header value",
      "HPE_INVALID_HEADER_TOKEN",
      Buffer.from(`${head}X: a\0b\r\n\r\n`),
      "handshake-illegal-header-byte",
      400,
    ],
    [
      "a bare CR in a header value",
      "HPE_LF_EXPECTED",
      Buffer.from(`${head}X: a\rb\r\n\r\n`),
      "handshake-illegal-header-byte",
      400,
    ],
    ["nonsense", "HPE_INVALID_METHOD", Buffer.from("hello\r\n\r\n"), "handshake-malformed-http", 400],
    ["nothing", undefined, new Uint8Array(), "handshake-malformed-http", 400],
    [
      "a URL without end",
      "HPE_HEADER_OVERFLOW",
      Buffer.from(`GET /${"a".repeat(20_000)}`),
      "handshake-uri-too-long",
      414,
    ],
    [
      "a long URL with its head behind it",
      "HPE_HEADER_OVERFLOW",
      Buffer.from(`GET /${"a".repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`),
      "handshake-uri-too-long",
      414,
    ],
    [
      "a large cookie",
      "HPE_HEADER_OVERFLOW",
      Buffer.from(`${head}Cookie: ${"a".repeat(20_000)}\r\n\r\n`),
      "handshake-headers-too-large",
      431,
    ],
    [
      "the end of a large cookie",
      "HPE_HEADER_OVERFLOW",
      Buffer.from("a".repeat(20_000)),
      "handshake-headers-too-large",
      431,
    ],
    ["a slow head", "ERR_HTTP_REQUEST_TIMEOUT", new Uint8Array(), "handshake-request-timeout", 408],
    ["a reset", "ECONNRESET", new Uint8Array(), "handshake-client-gone", undefined],
    [
      "an end in the middle",
      "HPE_INVALID_EOF_STATE",
      Buffer.from("GET /"),
      "handshake-client-gone",
      undefined,
    ],
  ])("%s", (_, code, bytes, name, httpStatus) => {
    const failure = judgeMalformedRequest({ code, bytes });
    expect({ name: failure.name, httpStatus: failure.httpStatus }).toEqual({ name, httpStatus });
  });
});
