/**
 * The text of a handshake, as pasted from a log, a terminal or a capture, taken apart as an HTTP parser would. Line ends are
 * not judged, since they rarely survive copying, and the empty line at the end may be missing.
 */
import { engineFailures } from "../failures/engine-failures.ts";
import type { Failure } from "../failures/failure.ts";
import { isToken } from "../protocol/header-syntax.ts";
import type { UpgradeRequestHead } from "../protocol/hop-by-hop.ts";
import { judgeMalformedRequest } from "../protocol/malformed-request.ts";
import { type ResponseHead, ResponseHeadReader } from "../protocol/response-head-reader.ts";

export type RequestText =
  /** `restBytes` came behind the head. */
  | { readonly ok: true; readonly head: UpgradeRequestHead; readonly restBytes: number }
  | { readonly ok: false; readonly failure: Failure };

export type ResponseText =
  | { readonly ok: true; readonly head: ResponseHead; readonly body: string }
  | { readonly ok: false; readonly failure: Failure };

/** Reads a request; what does not parse gets the name that a server gives to it. */
export function readRequestText(text: string): RequestText {
  const { head, rest } = splitHead(text);
  const [requestLine = "", ...lines] = head.split("\r\n");
  const match = /^([^ ]+) ([^ ]+) HTTP\/(\d\.\d)$/.exec(requestLine);
  if (match === null || !isToken(match[1]!)) {
    return malformed(head, "its first line is not of the form GET /path HTTP/1.1");
  }
  const rawHeaders: string[] = [];
  for (const [index, line] of lines.entries()) {
    const colon = line.indexOf(":");
    const isIllegal = !isToken(line.slice(0, Math.max(colon, 0))) || /[\0\r]/.test(line);
    if (isIllegal) return malformed(head, `its line ${index + 2} is not of the form Name: value`);
    rawHeaders.push(line.slice(0, colon), line.slice(colon + 1));
  }
  const [, method = "", target = "", httpVersion = ""] = match;
  return { ok: true, head: { method, target, httpVersion, rawHeaders }, restBytes: Buffer.byteLength(rest) };
}

/** Reads a response with the client's own reader. */
export function readResponseText(text: string): ResponseText {
  const { head, rest } = splitHead(text);
  const reader = new ResponseHeadReader();
  const read = reader.push(Buffer.from(`${head}\r\n\r\n`, "latin1"));
  if (read.status === "head") return { ok: true, head: read.head, body: rest };
  return { ok: false, failure: read.status === "failure" ? read.failure : reader.end() };
}

function splitHead(text: string): { head: string; rest: string } {
  const normal = text.replace(/^\s+/, "").replaceAll(/\r?\n/g, "\r\n");
  const end = normal.indexOf("\r\n\r\n");
  if (end < 0) return { head: normal.replace(/(?:\r\n)+$/, ""), rest: "" };
  const rest = normal.slice(end + 4);
  return { head: normal.slice(0, end), rest: rest.trim() === "" ? "" : rest };
}

/** The server's name for it, with a better explanation where it has none but the parser's code. */
function malformed(head: string, problem: string): RequestText {
  const judged = judgeMalformedRequest({ code: undefined, bytes: Buffer.from(`${head}\r\n\r\n`, "latin1") });
  const isUnexplained = judged.evidence["problem"] === "it does not parse";
  const failure = isUnexplained ? engineFailures.create("handshake-malformed-http", { problem }) : judged;
  return { ok: false, failure };
}
