/**
 * The opening handshake of a client (RFC 6455 §4.1) from the URL to the open connection: DNS, TCP, a proxy's tunnel, TLS,
 * the request, the judgement of the answer, redirects. Whatever fails has a name, and nothing is left open.
 */
import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { engineFailures } from "../failures/engine-failures.ts";
import { computeAccept } from "../node/accept-value.ts";
import { createConnectionId } from "../node/connection-id.ts";
import { defaultConnectionSettings } from "../node/connection-settings.ts";
import { type DeflateSettings, overrideKnown } from "../node/route.ts";
import { formatUpgradeRequest } from "../protocol/client-request.ts";
import { HeaderFields, type HeaderLine } from "../protocol/header-fields.ts";
import { formatDeflateOffer } from "../protocol/permessage-deflate-negotiation.ts";
import { defaultMaxRedirects, judgeRedirect, keepHeadersOnRedirect } from "../protocol/redirect.ts";
import type { ResponseHead } from "../protocol/response-head-reader.ts";
import {
  type AcceptedUpgrade,
  judgeUpgradeResponse,
  type UpgradeExpectations,
} from "../protocol/upgrade-response.ts";
import { ConnectAttempt } from "./connect-attempt.ts";
import type { RefusedResponse } from "./connect-error.ts";
import { type ConnectOptions, defaultClientDeflate, defaultConnectTimeoutMs } from "./connect-options.ts";
import { exchangeHead, readRefusalBody } from "./exchange-head.ts";
import { openTcp, openTls } from "./open-socket.ts";
import { openTunnel } from "./proxy-tunnel.ts";
import { selectProxy } from "./proxy-selection.ts";
import { defaultReceiveQueueLimits } from "./receive-queue.ts";
import { parseRetryAfter } from "./retry-after.ts";
import { type DialledHost, nameTimeout } from "./transport-failure.ts";
import { WebSocketClient } from "./websocket-client.ts";
import { parseWebSocketUrl, type WebSocketTarget } from "./websocket-url.ts";

/** What is asked of every server on the way. */
interface ConnectPlan {
  readonly options: ConnectOptions;
  readonly subprotocols: readonly string[];
  readonly deflate: DeflateSettings | undefined;
  readonly strictness: UpgradeExpectations["strictness"];
}

/** A server's answer that switched protocols, and the socket it came on. */
interface Upgraded {
  readonly target: WebSocketTarget;
  readonly socket: Socket;
  readonly head: ResponseHead;
  readonly accepted: AcceptedUpgrade;
  readonly rest: Uint8Array;
}

/**
 * Opens a connection and resolves when the server's 101 is verified.
 *
 * Rejects with a `ConnectError`, whose `code` is the catalogue's name, whose `failure.evidence` holds the milliseconds of
 * each stage, and whose `response` is what a refusing server said; after an abort with `connect-aborted-by-caller`, the
 * signal's reason as its cause. A mistake of the caller's, such as `url-invalid`, rejects with a plain `FailureError`.
 */
export async function connect(url: string | URL, options: ConnectOptions = {}): Promise<WebSocketClient> {
  const target = parseWebSocketUrl(url);
  const plan = createPlan(options);
  const headers = listHeaders(options, target);
  let dialled: DialledHost = target;
  const attempt = new ConnectAttempt({
    timeoutMs: options.connectTimeoutMs ?? defaultConnectTimeoutMs,
    signal: options.signal,
    nameTimeout: (stage, timeoutMs) => nameTimeout(stage, dialled, timeoutMs),
  });
  try {
    const upgraded = await followRedirects(attempt, plan, target, headers, (host) => {
      dialled = host;
    });
    attempt.throwIfEnded();
    return openClient(attempt, plan, upgraded);
  } catch (error) {
    attempt.destroy();
    throw error;
  } finally {
    attempt.finish();
  }
}

function createPlan(options: ConnectOptions): ConnectPlan {
  const { subprotocols = [], deflate = false, strictness = "strict" } = options;
  return {
    options,
    strictness,
    subprotocols: typeof subprotocols === "string" ? [subprotocols] : subprotocols,
    deflate:
      deflate === false ? undefined : overrideKnown(defaultClientDeflate, deflate === true ? {} : deflate),
  };
}

function listHeaders(
  { headers = [] }: ConnectOptions,
  { authorization }: WebSocketTarget,
): readonly HeaderLine[] {
  const given: readonly HeaderLine[] = isHeaderList(headers) ? headers : Object.entries(headers);
  const hasOwn = given.some(([name]) => name.toLowerCase() === "authorization");
  return authorization === undefined || hasOwn ? given : [["Authorization", authorization], ...given];
}

function isHeaderList(headers: NonNullable<ConnectOptions["headers"]>): headers is readonly HeaderLine[] {
  return Array.isArray(headers);
}

async function followRedirects(
  attempt: ConnectAttempt,
  plan: ConnectPlan,
  start: WebSocketTarget,
  startHeaders: readonly HeaderLine[],
  onDial: (dialled: DialledHost) => void,
): Promise<Upgraded> {
  const maxRedirects = Math.min(plan.options.maxRedirects ?? 0, defaultMaxRedirects);
  const visited = [start.url];
  let target = start;
  let headers = startHeaders;
  for (;;) {
    const answer = await askServer(attempt, plan, target, headers, onDial);
    if (!("redirect" in answer)) return answer;
    const { redirect, refusal } = answer;
    const next = maxRedirects > 0 ? resolveRedirect(redirect, target) : undefined;
    if (next === undefined) throw refusal();
    const problem = judgeRedirect(next.url, visited, maxRedirects);
    if (problem) throw attempt.fail(problem, { cause: refusal() });
    attempt.destroy();
    headers = keepHeadersOnRedirect(headers, target.url, next.url);
    visited.push(next.url);
    target = next;
  }
}

/** The target of a Location that a WebSocket can go to; undefined if it is none. */
function resolveRedirect(location: string, from: WebSocketTarget): WebSocketTarget | undefined {
  const base = from.url.replace(/^ws/, "http");
  if (!URL.canParse(location, base)) return undefined;
  const url = new URL(location, base);
  if (!/^(?:http|ws)s?:$/.test(url.protocol)) return undefined;
  // Credentials come from the caller, never from a server; a fragment is not for servers.
  url.username = "";
  url.password = "";
  url.hash = "";
  return parseWebSocketUrl(url);
}

/** `refusal` makes the error for a redirect that is not followed. */
type ServerAnswer = Upgraded | { readonly redirect: string; readonly refusal: () => Error };

/** Opens a socket to one server, sends the request and judges the answer. */
async function askServer(
  attempt: ConnectAttempt,
  plan: ConnectPlan,
  target: WebSocketTarget,
  headers: readonly HeaderLine[],
  onDial: (dialled: DialledHost) => void,
): Promise<ServerAnswer> {
  const { options, subprotocols, deflate, strictness } = plan;
  // The request is made first: what is wrong with it is the caller's, and nothing is sent then.
  const key = randomBytes(16).toString("base64");
  const request = formatUpgradeRequest({
    host: options.hostHeader ?? target.host,
    target: target.requestTarget,
    key,
    origin: options.origin,
    subprotocols,
    extensions: deflate && formatDeflateOffer(deflate),
    headers,
  });
  const socket = await openRoute(attempt, options, target, onDial);
  attempt.enter("upgrade");
  const answer = await exchangeHead(attempt, socket, request, target.hostname);
  if (!answer.ok) throw attempt.fail(answer.failure, { cause: answer.cause });
  const { head, rest } = answer;
  const expectations: UpgradeExpectations = {
    expectedAccept: computeAccept(key),
    offeredSubprotocols: subprotocols,
    subprotocolRequired: options.subprotocolRequired ?? false,
    offeredDeflate: deflate,
    deflateRequired: options.deflateRequired ?? false,
    strictness,
  };
  const body = head.status === 101 ? undefined : await readRefusalBody(attempt, socket, head, rest);
  const bodyStart = body && Buffer.from(body.subarray(0, 1024)).toString("latin1");
  const verdict = judgeUpgradeResponse(head, { ...expectations, bodyStart });
  if (verdict.ok) return { target, socket, head, accepted: verdict, rest };
  const response = body && createResponse(head, body);
  const refusal = (): Error => attempt.fail(verdict.failure, { ...(response && { response }) });
  const [location] = new HeaderFields(head.rawHeaders).all("location");
  if (verdict.failure.name === "response-redirect" && location !== undefined) {
    return { redirect: location, refusal };
  }
  throw refusal();
}

/** A socket that leads to the target: direct or through a proxy, with TLS where the URL has it. */
async function openRoute(
  attempt: ConnectAttempt,
  options: ConnectOptions,
  target: WebSocketTarget,
  onDial: (dialled: DialledHost) => void,
): Promise<Socket> {
  const proxy = selectProxy(options.proxy, target, process.env);
  const dialled = proxy ?? target;
  onDial(dialled);
  let socket = await openTcp(attempt, dialled, options);
  if (proxy) {
    if (proxy.isSecure) socket = await openTls(attempt, socket, proxy.hostname, proxy.tls);
    await openTunnel(attempt, socket, proxy, target);
  }
  return target.isSecure ? openTls(attempt, socket, target.hostname, options.tls) : socket;
}

function createResponse(head: ResponseHead, body: Uint8Array): RefusedResponse {
  const { status, reasonPhrase, rawHeaders } = head;
  const retryAfterMs = parseRetryAfter(new HeaderFields(rawHeaders).get("retry-after"), Date.now());
  return { status, reasonPhrase, headers: pairHeaders(rawHeaders), body, retryAfterMs };
}

function openClient(attempt: ConnectAttempt, plan: ConnectPlan, upgraded: Upgraded): WebSocketClient {
  const { options, deflate } = plan;
  const { target, socket, head, accepted, rest } = upgraded;
  if (socket.destroyed)
    throw attempt.fail(engineFailures.create("response-closed-early", { bytes: rest.length }));
  const client = new WebSocketClient({
    id: createConnectionId(),
    url: target.url,
    socket,
    handlers: accepted.closeWith ? {} : (options.handlers ?? {}),
    settings: overrideKnown(defaultConnectionSettings, options),
    compression: deflate ?? defaultClientDeflate,
    receiveQueue: { ...defaultReceiveQueueLimits, ...options.receiveQueue },
    subprotocol: accepted.subprotocol,
    deflate: accepted.deflate,
    responseHeaders: pairHeaders(head.rawHeaders),
    timings: attempt.timings,
    onFailure: (failure, cause) => options.onFailure?.(failure, cause),
  });
  for (const warning of accepted.warnings) options.onFailure?.(warning);
  attempt.release();
  client.start(rest);
  const { closeWith } = accepted;
  if (closeWith === undefined) return client;
  // The reason lists what is missing (RFC 6455 §7.4.1).
  client.closeAs(closeWith.closeCode ?? 1010, String(closeWith.evidence["extension"]));
  throw attempt.fail(closeWith);
}

function pairHeaders(rawHeaders: readonly string[]): readonly HeaderLine[] {
  const lines: HeaderLine[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) lines.push([rawHeaders[at]!, rawHeaders[at + 1]!]);
  return lines;
}
