/**
 * Why an HTTP parser gave up on what should have been a request: from its first bytes and the parser's error code to
 * the failure that names the cause. The shell calls it where Node reports `clientError`.
 */
import { engineFailures } from "../failures/engine-failures.ts";
import { toEvidenceHex } from "../failures/evidence-text.ts";
import type { Failure } from "../failures/failure.ts";
import { defaultRequestLimits, type RequestLimits } from "./request-limits.ts";

export interface MalformedRequest {
  /** Node's error code, for example `HPE_HEADER_OVERFLOW`. */
  readonly code: string | undefined;
  /** What the parser was reading when it gave up (`rawPacket`); empty if nothing. */
  readonly bytes: Uint8Array;
}

const proxyV2Signature = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a];

const otherProtocols: readonly { readonly start: readonly number[]; readonly name: string }[] = [
  { start: toBytes("PRI *"), name: "an HTTP/2 preface, on a port that speaks HTTP/1.1" },
  { start: toBytes("SSH-"), name: "SSH" },
  { start: [0x05, 0x01, 0x00], name: "a SOCKS 5 client" },
  { start: [0x04, 0x01], name: "a SOCKS 4 client" },
];

/** Names the failure; the answer, where one makes sense, is that of the failure's HTTP status. */
export function judgeMalformedRequest(
  { code, bytes }: MalformedRequest,
  limits: RequestLimits = defaultRequestLimits,
): Failure {
  return nameForeignStream(bytes) ?? nameParserError(code, bytes, limits);
}

function nameForeignStream(bytes: Uint8Array): Failure | undefined {
  const hex = toEvidenceHex(bytes);
  if (bytes[0] === 0x16 && bytes[1] === 0x03) {
    return engineFailures.create("tls-sent-to-plain-port", { hex: toEvidenceHex(bytes.subarray(0, 3)) });
  }
  if (startsWith(bytes, toBytes("PROXY ")))
    return engineFailures.create("proxy-protocol-preamble", { version: 1 });
  if (startsWith(bytes, proxyV2Signature))
    return engineFailures.create("proxy-protocol-preamble", { version: 2 });
  const other = otherProtocols.find(({ start }) => startsWith(bytes, start));
  if (other === undefined) return undefined;
  return engineFailures.create("handshake-malformed-http", { problem: `it starts like ${other.name}`, hex });
}

function nameParserError(code: string | undefined, bytes: Uint8Array, limits: RequestLimits): Failure {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return isInRequestLine(bytes)
        ? engineFailures.create("handshake-uri-too-long", { limit: limits.maxUrlBytes })
        : engineFailures.create("handshake-headers-too-large", { limit: limits.maxHeaderBytes });
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return engineFailures.create("handshake-request-timeout", {});
    case "ECONNRESET":
    case "EPIPE":
    case "HPE_INVALID_EOF_STATE":
      return engineFailures.create("handshake-client-gone", {});
  }
  const [text = ""] = toHeadText(bytes).split("\r\n\r\n", 1);
  if (/\r?\n[ \t]+[^\r\n]/.test(text)) return engineFailures.create("handshake-obsolete-line-folding");
  if (/\n[^\r\n:]+:[^\n]*(?:\0|\r(?=[^\n]))/.test(text)) {
    return engineFailures.create("handshake-illegal-header-byte", {});
  }
  const problem = code === undefined ? "it does not parse" : `it does not parse (${code})`;
  return engineFailures.create("handshake-malformed-http", { problem, hex: toEvidenceHex(bytes) });
}

/**
 * Whether the bytes are a request line that does not end: then the URL is what is too long. Node hands over the last
 * packet only, so a URL that came in several is taken for headers.
 */
function isInRequestLine(bytes: Uint8Array): boolean {
  const firstLineEnd = bytes.indexOf(0x0a);
  // A long URL may end in the same packet, with its head; the line alone is over any sensible limit then.
  const line = toHeadText(firstLineEnd < 0 ? bytes : bytes.subarray(0, firstLineEnd));
  return /^[A-Z]+ /.test(line) && (firstLineEnd < 0 || firstLineEnd > defaultRequestLimits.maxUrlBytes);
}

function startsWith(bytes: Uint8Array, start: readonly number[]): boolean {
  return start.every((byte, index) => bytes[index] === byte);
}

function toBytes(text: string): number[] {
  return Array.from(text, (character) => character.charCodeAt(0));
}

/** The head as Latin-1 text; more than the largest head is never looked at. */
function toHeadText(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, defaultRequestLimits.maxHeaderBytes));
}
