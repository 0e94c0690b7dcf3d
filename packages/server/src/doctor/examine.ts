/**
 * The examination of a WebSocket URL from the name to the last Close frame: read it to know the order of the steps. Called
 * by `antiphon doctor`; never rejects for anything that a server or network does.
 */
import { parseWebSocketUrl, type WebSocketTarget } from "@antiphon/websocket/inspect";
import { redactTarget } from "../tap/secret-fields.ts";
import { clientName } from "../pusher-client/pusher-target.ts";
import { conclude } from "./conclude.ts";
import { exchangeHandshake, formatRequest, type OpenedHandshake } from "./exchange-handshake.ts";
import type { ExamineOptions } from "./examination.ts";
import { examineGreeting, examineSession, keyInPath } from "./examine-pusher.ts";
import { ObservedConnection } from "./observed-connection.ts";
import { openRoute } from "./open-route.ts";
import { probeMasking } from "./probe-masking.ts";
import { type Check, Findings, type Report } from "./report.ts";
import { watchClose, watchFirstFrame, watchPing } from "./watch-frames.ts";
import { watchSilence } from "./watch-silence.ts";

/** A greeting may need a look into a database; a server that has nothing to say is not waited for as long. */
const greetingMs = 5000;

/**
 * Examines the URL; each check is also handed on when it is known.
 * @throws FailureError for options that cannot be used: `url-invalid`, `url-has-fragment`, `proxy-url-invalid`,
 * `request-header-not-allowed`, `request-subprotocol-invalid`.
 */
export async function examine(
  options: ExamineOptions,
  onCheck: (check: Check) => void = () => {},
): Promise<Report> {
  const findings = new Findings(onCheck);
  const isPusher = options.pusher || keyInPath(parseWebSocketUrl(options.url).url) !== undefined;
  const target = parseWebSocketUrl(isPusher ? withProtocolVersion(options.url, findings) : options.url);
  const opened = await open(target, options, findings);
  if (opened) await examineConnection(opened, isPusher, options, findings);
  if (opened && options.probeStrictness) await probeStrictness(target, options, findings);
  const { checks } = findings;
  return { url: redactTarget(target.url), checks, conclusion: conclude(checks) };
}

async function open(
  target: WebSocketTarget,
  options: ExamineOptions,
  findings: Findings,
): Promise<OpenedHandshake | undefined> {
  // Made first: what is wrong with it is the caller's, and nobody is dialled then.
  const request = formatRequest(target, options);
  const socket = await openRoute(target, options, findings);
  return socket && exchangeHandshake(socket, target, request, options, findings);
}

async function examineConnection(
  opened: OpenedHandshake,
  isPusher: boolean,
  options: ExamineOptions,
  findings: Findings,
): Promise<void> {
  const connection = new ObservedConnection(opened, options.timeoutMs);
  const { timeoutMs, idleMs, firstFrameMs } = options;
  const waitMs = isPusher ? Math.max(firstFrameMs, Math.min(timeoutMs, greetingMs)) : firstFrameMs;
  const first = await watchFirstFrame(connection, waitMs, findings);
  if (isPusher && (first !== undefined || connection.end === undefined)) {
    const greeting = examineGreeting(first, keyInPath(options.url), findings);
    if (greeting) await examineSession(connection, greeting, options, findings);
  }
  const isOpen = await watchPing(connection, timeoutMs, findings);
  if (isOpen && idleMs > 0) await watchSilence(connection, idleMs, opened.fingerprints, findings);
  await watchClose(connection, findings);
}

/** A connection of its own, since the server is expected to end it. What was found out before is not told again. */
async function probeStrictness(
  target: WebSocketTarget,
  options: ExamineOptions,
  findings: Findings,
): Promise<void> {
  const opened = await open(target, options, new Findings(() => {}));
  if (opened) await probeMasking(new ObservedConnection(opened, options.timeoutMs), options, findings);
  else findings.note("masking", "a second connection for an unmasked frame could not be opened");
}

/** Clients always send it, and servers may refuse a connection without it. */
function withProtocolVersion(text: string, findings: Findings): string {
  const url = new URL(text);
  if (url.searchParams.has("protocol")) return text;
  findings.note("url", "the URL names no protocol version: protocol=7 is added, as every client does");
  url.searchParams.set("protocol", "7");
  url.searchParams.set("client", clientName);
  return url.href;
}
