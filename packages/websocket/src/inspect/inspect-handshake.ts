/**
 * A handshake explained from its text: the engine's server judges the request, the engine's client the answer, and the
 * accept value is computed anew from the key. Nothing of a key or a subprotocol is quoted, since tokens travel there.
 */
import { engineFailures } from "../failures/engine-failures.ts";
import type { Failure } from "../failures/failure.ts";
import { computeAccept } from "../node/accept-value.ts";
import { HeaderFields } from "../protocol/header-fields.ts";
import { type ExtensionOffer, parseExtensionList, parseTokenList } from "../protocol/header-syntax.ts";
import type { UpgradeRequestHead } from "../protocol/hop-by-hop.ts";
import { createOriginPolicy } from "../protocol/origin.ts";
import type { NegotiatedDeflate } from "../protocol/permessage-deflate.ts";
import { type DeflateOffer, deflateExtensionName } from "../protocol/permessage-deflate-negotiation.ts";
import { judgeRequestLimits } from "../protocol/request-limits.ts";
import type { ResponseHead } from "../protocol/response-head-reader.ts";
import { judgeUpgradeRequest } from "../protocol/upgrade-request.ts";
import { judgeUpgradeResponse, type UpgradeResponseVerdict } from "../protocol/upgrade-response.ts";
import { collectFailures, createResponseRepairs, requestRepairs } from "./handshake-repairs.ts";
import { readRequestText, readResponseText } from "./handshake-text.ts";

/** One thing that is wrong, or worth knowing where its severity is not `fatal`. */
export interface HandshakeFinding {
  /** Which text it is about: the server judges the request, the client the response. */
  readonly in: "request" | "response";
  readonly failure: Failure;
}

export interface HandshakeInspection {
  /** In the order of the checks. The first fatal one of each text is what that side would report. */
  readonly findings: readonly HandshakeFinding[];
  /** What `Sec-WebSocket-Accept` has to be; `undefined` if the request has no single key. */
  readonly expectedAccept: string | undefined;
  /** What both sides agreed on; `undefined` without a response, or if the client refuses it. */
  readonly agreed:
    | { readonly subprotocol: string; readonly deflate: NegotiatedDeflate | undefined }
    | undefined;
}

/** What a client asked for, as far as it can be read from a request that may be faulty. */
interface ReadRequest {
  readonly findings: readonly HandshakeFinding[];
  readonly key: string | undefined;
  readonly subprotocols: readonly string[];
  readonly deflateOffers: readonly DeflateOffer[];
}

/**
 * Explains a handshake. The policy of a real server (paths, origins, hosts, hooks) is not known here and never a finding.
 * Never throws.
 */
export function inspectHandshake(requestText: string, responseText?: string): HandshakeInspection {
  const request = inspectRequest(requestText);
  const expectedAccept = request.key === undefined ? undefined : computeAccept(request.key);
  if (responseText === undefined) return { findings: request.findings, expectedAccept, agreed: undefined };
  const { findings, agreed } = inspectResponse(responseText, request);
  return { findings: [...request.findings, ...findings], expectedAccept, agreed };
}

function inspectRequest(text: string): ReadRequest {
  const read = readRequestText(text);
  if (!read.ok) {
    return { findings: inRequest([read.failure]), key: undefined, subprotocols: [], deflateOffers: [] };
  }
  const { head, restBytes } = read;
  const origins = createOriginPolicy("*");
  const failures = collectFailures<UpgradeRequestHead>(
    head,
    (repaired) => {
      const verdict = judgeUpgradeRequest(repaired, { origins });
      return verdict.ok ? undefined : verdict.failure;
    },
    requestRepairs,
  );
  const limit = judgeRequestLimits(head);
  const early =
    restBytes > 0 ? engineFailures.create("handshake-early-data", { bytes: restBytes }) : undefined;
  const fields = new HeaderFields(head.rawHeaders);
  const keys = fields.all("sec-websocket-key");
  const subprotocols = parseTokenList(fields.get("sec-websocket-protocol") ?? "");
  const extensions = parseExtensionList(fields.get("sec-websocket-extensions") ?? "");
  return {
    findings: inRequest([limit, ...failures, early].filter((failure) => failure !== undefined)),
    key: keys.length === 1 ? keys[0] : undefined,
    subprotocols: subprotocols.ok ? subprotocols.value : [],
    deflateOffers: extensions.ok ? extensions.value.filter(isDeflate).map(toDeflateOffer) : [],
  };
}

function inRequest(failures: readonly Failure[]): HandshakeFinding[] {
  return failures.map((failure) => ({ in: "request", failure }));
}

function isDeflate({ name }: ExtensionOffer): boolean {
  return name === deflateExtensionName;
}

function toDeflateOffer({ parameters }: ExtensionOffer): DeflateOffer {
  const find = (name: string): string | undefined =>
    parameters.find((parameter) => parameter.name === name)?.value;
  const has = (name: string): boolean => parameters.some((parameter) => parameter.name === name);
  return {
    serverNoContextTakeover: has("server_no_context_takeover"),
    clientNoContextTakeover: has("client_no_context_takeover"),
    serverMaxWindowBits: Number(find("server_max_window_bits") ?? 15),
    clientMaxWindowBits: Number(find("client_max_window_bits") ?? 15),
    offerClientWindowBits: has("client_max_window_bits"),
  };
}

function inspectResponse(
  text: string,
  request: ReadRequest,
): Pick<HandshakeInspection, "findings" | "agreed"> {
  const read = readResponseText(text);
  if (!read.ok) return { findings: [{ in: "response", failure: read.failure }], agreed: undefined };
  const { head, body } = read;
  const expectedAccept = computeAccept(request.key ?? "");
  const judge = (answer: ResponseHead): UpgradeResponseVerdict =>
    judgeAgainstOffers(answer, request, expectedAccept, body);
  const failures = collectFailures(
    head,
    (repaired) => {
      const verdict = judge(repaired);
      return verdict.ok ? undefined : verdict.failure;
    },
    createResponseRepairs(expectedAccept),
  );
  const verdict = judge(head);
  const notes = verdict.ok
    ? [...verdict.warnings, ...noteMissingSubprotocol(verdict.subprotocol, request)]
    : [];
  return {
    findings: [...failures, ...notes].map((failure) => ({ in: "response", failure })),
    agreed: verdict.ok ? { subprotocol: verdict.subprotocol, deflate: verdict.deflate } : undefined,
  };
}

/** An answer is right if it is right for one of the offers; otherwise the first offer tells what is wrong. */
function judgeAgainstOffers(
  head: ResponseHead,
  { subprotocols, deflateOffers }: ReadRequest,
  expectedAccept: string,
  bodyStart: string,
): UpgradeResponseVerdict {
  const offers = deflateOffers.length === 0 ? [undefined] : deflateOffers;
  const verdicts = offers.map((offeredDeflate) =>
    judgeUpgradeResponse(head, {
      expectedAccept,
      offeredSubprotocols: subprotocols,
      subprotocolRequired: false,
      offeredDeflate,
      strictness: "strict",
      bodyStart,
    }),
  );
  return verdicts.find(({ ok }) => ok) ?? verdicts[0]!;
}

/** Native clients go on without a subprotocol, browsers do not. */
function noteMissingSubprotocol(chosen: string, { subprotocols }: ReadRequest): Failure[] {
  if (chosen !== "" || subprotocols.length === 0) return [];
  const failure = engineFailures.create("response-subprotocol-missing", { offered: subprotocols.length });
  return [{ ...failure, severity: "warning" }];
}
