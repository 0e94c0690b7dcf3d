/**
 * Reads the head of the answer to a handshake from bytes as they arrive (RFC 9112 §4): out comes the head with the bytes
 * behind it, which are frames already if it is a 101, or the failure that says what else is talking there.
 */
import { engineFailures } from "../failures/engine-failures.ts";
import { toEvidenceHex } from "../failures/evidence-text.ts";
import type { Failure } from "../failures/failure.ts";
import { isToken, trimOptionalSpace } from "./header-syntax.ts";

/** A status line and its headers. */
export interface ResponseHead {
  /** `1.0` or `1.1`. */
  readonly httpVersion: string;
  readonly status: number;
  readonly reasonPhrase: string;
  /** Alternating names and values with every duplicate. */
  readonly rawHeaders: readonly string[];
}

export type ResponseHeadResult =
  | { readonly status: "need-more" }
  /** `rest` belongs to the caller: the bytes of the last chunk that follow the head, not copied. */
  | { readonly status: "head"; readonly head: ResponseHead; readonly rest: Uint8Array }
  | { readonly status: "failure"; readonly failure: Failure };

/** All informational responses before the final one included. */
const defaultMaxHeadBytes = 16_384;

const needMore: ResponseHeadResult = { status: "need-more" };
const httpStart = Array.from("HTTP/1.", (character) => character.charCodeAt(0));
/** Text, binary, Close, ping and pong, whole and uncompressed, and compressed text and binary. */
const frameStarts: ReadonlySet<number> = new Set([0x81, 0x82, 0x88, 0x89, 0x8a, 0xc1, 0xc2]);
const carriageReturn = 0x0d;
const lineFeed = 0x0a;

export class ResponseHeadReader {
  readonly #maxBytes: number;
  #bytes = new Uint8Array(1024);
  /** Bytes received and kept. */
  #length = 0;
  /** Where the line that is being read starts. */
  #lineStart = 0;
  #lines: string[] = [];

  constructor(maxBytes: number = defaultMaxHeadBytes) {
    this.#maxBytes = maxBytes;
  }

  /** Takes the next bytes, which are copied. After a head or a failure it must not be called again. */
  push(bytes: Uint8Array): ResponseHeadResult {
    const before = this.#length;
    this.#append(bytes.subarray(0, this.#maxBytes - before));
    const foreign = this.#judgeStart();
    if (foreign) return { status: "failure", failure: foreign };
    for (
      let lineEnd = this.#findLineEnd(before);
      lineEnd >= 0;
      lineEnd = this.#findLineEnd(this.#lineStart)
    ) {
      if (this.#bytes[lineEnd - 1] !== carriageReturn) return malformed("a line ends in LF without CR");
      const line = this.#readText(this.#lineStart, lineEnd - 1);
      this.#lineStart = lineEnd + 1;
      if (line !== "") {
        this.#lines.push(line);
        continue;
      }
      const parsed = parseHead(this.#lines);
      if (parsed.status !== "head" || !isInterim(parsed.head.status)) {
        return parsed.status === "head"
          ? { ...parsed, rest: bytes.subarray(this.#lineStart - before) }
          : parsed;
      }
      this.#lines = [];
      const second = this.#judgeStart();
      if (second) return { status: "failure", failure: second };
    }
    if (this.#length < this.#maxBytes) return needMore;
    return {
      status: "failure",
      failure: engineFailures.create("response-headers-too-large", { limit: this.#maxBytes }),
    };
  }

  /** The failure of a connection that ended before the head did. */
  end(): Failure {
    return engineFailures.create("response-closed-early", { bytes: this.#length });
  }

  #append(bytes: Uint8Array): void {
    const needed = this.#length + bytes.length;
    if (needed > this.#bytes.length) {
      const larger = new Uint8Array(Math.min(this.#maxBytes, Math.max(needed, this.#bytes.length * 2)));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length = needed;
  }

  #findLineEnd(from: number): number {
    const index = this.#bytes.indexOf(lineFeed, from);
    return index < this.#length ? index : -1;
  }

  #readText(start: number, end: number): string {
    // Latin-1 (RFC 9110 §5.5); at most 16 KiB, which a call takes as arguments.
    return String.fromCharCode(...this.#bytes.subarray(start, end));
  }

  /** Names what speaks here if the bytes so far cannot be the start of an HTTP status line. */
  #judgeStart(): Failure | undefined {
    if (this.#lines.length > 0) return undefined;
    const received = this.#bytes.subarray(this.#lineStart, this.#length);
    if (received.subarray(0, httpStart.length).every((byte, index) => byte === httpStart[index]))
      return undefined;
    const [first, second] = received;
    const hex = toEvidenceHex(received);
    if (frameStarts.has(first!)) return engineFailures.create("server-frame-before-101", { hex });
    if (first === 0x15 || first === 0x3c) {
      if (second === undefined) return undefined;
      if (first === 0x15 && second === 0x03) {
        return engineFailures.create("plain-http-sent-to-tls-port", {
          shownBy: "it answered with a TLS alert",
        });
      }
      // "<!", "<h", "<H"
      if (first === 0x3c && [0x21, 0x68, 0x48].includes(second)) {
        return engineFailures.create("proxy-injected-html", {
          shownBy: "the answer is an HTML page without HTTP",
        });
      }
    }
    return engineFailures.create("response-malformed-http", {
      problem: "it does not start with HTTP/1.1",
      hex,
    });
  }
}

/** Responses before the final one (RFC 9110 §15.2); 101 is a final one. */
function isInterim(status: number): boolean {
  return status < 200 && status !== 101;
}

type ParsedHead =
  | { readonly status: "head"; readonly head: ResponseHead }
  | { readonly status: "failure"; readonly failure: Failure };

function parseHead([statusLine = "", ...lines]: readonly string[]): ParsedHead {
  const match = /^HTTP\/(1\.[01]) ([1-9]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?$/.exec(statusLine);
  if (match === null) return malformed("its status line is not of the form HTTP/1.1 101 Switching Protocols");
  const [, httpVersion = "", status, reasonPhrase = ""] = match;
  const rawHeaders: string[] = [];
  for (const line of lines) {
    if (/^[ \t]/.test(line)) return malformed("a header line starts with a space or a tab");
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(colon, 0));
    if (!isToken(name)) return malformed("a header line is not of the form name: value");
    if (/[\0\r]/.test(line)) return malformed("a header value contains CR or NUL");
    rawHeaders.push(name, trimOptionalSpace(line.slice(colon + 1)));
  }
  return { status: "head", head: { httpVersion, status: Number(status), reasonPhrase, rawHeaders } };
}

function malformed(problem: string): { readonly status: "failure"; readonly failure: Failure } {
  return { status: "failure", failure: engineFailures.create("response-malformed-http", { problem }) };
}
