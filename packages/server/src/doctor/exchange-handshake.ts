/** The HTTP part: sends the handshake, shows the answer, and judges every rule of a 101 on a line of its own. */
import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import {
  defaultClientDeflate,
  exchangeHead,
  formatDeflateOffer,
  formatUpgradeRequest,
  type HandshakeInspection,
  inspectHandshake,
  readRefusalBody,
  type ResponseHead,
  type WebSocketTarget,
} from "@antiphon/websocket/inspect";
import type { Failure } from "@antiphon/websocket";
import { redactHeader } from "../tap/secret-fields.ts";
import { shortenText } from "../cli/safe-text.ts";
import { type ExamineOptions, runStage } from "./examination.ts";
import { findFingerprints, type Fingerprint } from "./fingerprints.ts";
import { refineRefusal } from "./refine-refusal.ts";
import type { Findings } from "./report.ts";
import { reportSwitch } from "./switch-checks.ts";

/** An open WebSocket: the 101 was right. */
export interface OpenedHandshake {
  readonly socket: Socket;
  /** Frames that came with the 101. */
  readonly rest: Uint8Array;
  readonly agreed: NonNullable<HandshakeInspection["agreed"]>;
  readonly fingerprints: readonly Fingerprint[];
}

/** Headers that never tell anything about a handshake. */
const dullHeaders: ReadonlySet<string> = new Set([
  "date",
  "content-length",
  "connection",
  "upgrade",
  "keep-alive",
]);
const maxShownHeaders = 24;

/** Sends `request`. `undefined` if no WebSocket was opened; the socket is gone then. */
export async function exchangeHandshake(
  socket: Socket,
  target: WebSocketTarget,
  request: string,
  options: ExamineOptions,
  findings: Findings,
): Promise<OpenedHandshake | undefined> {
  const result = await runStage("upgrade", target, options.timeoutMs, async (attempt) => {
    attempt.hold(socket);
    const answer = await exchangeHead(attempt, socket, request, target.hostname);
    if (!answer.ok) throw attempt.fail(answer.failure, { cause: answer.cause });
    const { head, rest } = answer;
    const body = head.status === 101 ? undefined : await readRefusalBody(attempt, socket, head, rest);
    attempt.release();
    return { head, rest, body: body && Buffer.from(body.subarray(0, 4096)).toString("utf8") };
  });
  if (!result.ok) {
    findings.failed("http", result.failure, result.ms);
    return undefined;
  }
  const { head, rest, body } = result.value;
  const fingerprints = findFingerprints(head.rawHeaders, body);
  const inspection = inspectHandshake(request, formatResponse(head, body));
  if (body !== undefined) {
    socket.destroy();
    const failure = findFailure(inspection);
    // Every answer other than a 101 fails.
    if (failure) findings.failed("http", refineRefusal(failure, { head, body, fingerprints }), result.ms);
    showAnswer(head, body, fingerprints, findings);
    return undefined;
  }
  findings.passed("http", `${head.status} ${shortenText(head.reasonPhrase, 60)}`, result.ms);
  showAnswer(head, "", fingerprints, findings);
  reportSwitch(head, inspection, options.subprotocols, findings);
  const { agreed } = inspection;
  if (agreed) return { socket, rest, agreed, fingerprints };
  socket.destroy();
  return undefined;
}

/**
 * The handshake that is sent, with a fresh key.
 * @throws FailureError `request-header-not-allowed`, `request-subprotocol-invalid`.
 */
export function formatRequest(target: WebSocketTarget, options: ExamineOptions): string {
  const { headers, origin, subprotocols } = options;
  const has = (name: string): boolean => headers.some(([each]) => each.toLowerCase() === name);
  const own: [string, string][] = has("user-agent") ? [] : [["User-Agent", "antiphon-doctor"]];
  if (target.authorization !== undefined && !has("authorization")) {
    own.push(["Authorization", target.authorization]);
  }
  return formatUpgradeRequest({
    host: target.host,
    target: target.requestTarget,
    key: randomBytes(16).toString("base64"),
    origin,
    subprotocols,
    // As browsers do, so that a server or proxy that stumbles over it does so here too.
    extensions: formatDeflateOffer(defaultClientDeflate),
    headers: [...own, ...headers],
  });
}

/** Gives the answer back as text, for the judgement that reads text. */
function formatResponse({ httpVersion, status, reasonPhrase, rawHeaders }: ResponseHead, body = ""): string {
  let text = `HTTP/${httpVersion} ${status} ${reasonPhrase}\r\n`;
  for (let at = 0; at + 1 < rawHeaders.length; at += 2)
    text += `${rawHeaders[at]}: ${rawHeaders[at + 1]}\r\n`;
  return `${text}\r\n${body}`;
}

function findFailure({ findings }: HandshakeInspection): Failure | undefined {
  return findings.find((finding) => finding.in === "response" && finding.failure.severity === "fatal")
    ?.failure;
}

function showAnswer(
  { rawHeaders }: ResponseHead,
  body: string,
  fingerprints: readonly Fingerprint[],
  findings: Findings,
): void {
  for (let at = 0; at + 1 < Math.min(rawHeaders.length, maxShownHeaders * 2); at += 2) {
    const [name, value] = [rawHeaders[at]!, rawHeaders[at + 1]!];
    if (dullHeaders.has(name.toLowerCase()) || name.toLowerCase().startsWith("sec-websocket-")) continue;
    findings.note("http", `${shortenText(name, 60)}: ${shortenText(redactHeader(name, value), 120)}`);
  }
  const text = body.replaceAll(/\s+/g, " ").trim();
  if (text !== "") findings.note("http", `body: ${shortenText(text, 200)}`);
  for (const { product, shownBy } of fingerprints) {
    findings.note("http", `this looks like ${product} (${shownBy})`);
  }
}
