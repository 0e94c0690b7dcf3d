/**
 * The signature of a request to the HTTP API: raw method, target and body, the app and the time → good, or the failure
 * that says why not. Tolerates what real SDKs do differently with at most eight candidate texts. Pure; called by the
 * HTTP API before anything of the request is parsed or believed. Finding the app and refusing a disabled one is the
 * caller's.
 */
import { hash } from "node:crypto";
import type { Failure } from "@antiphon/websocket";
import type { App } from "../apps/app.ts";
import { type ApiSignatureFailureName, apiSignatureFailures } from "../failures/api-signature-failures.ts";
import { describeDigest, isHexDigest, matchesDigest } from "./digest.ts";
import { diagnoseRequestSignature } from "./request-signature-diagnosis.ts";
import { excerpt, shorten } from "./excerpt.ts";
import { undiagnosed } from "./signature-diagnosis.ts";
import {
  isWorthTolerance,
  joinParameters,
  likeliestSigningText,
  parseQuery,
  type QueryParameter,
  requestSigningTexts,
  splitTarget,
} from "./request-signing-text.ts";

/** A request as it arrived. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query exactly as in the request line. */
  readonly target: string;
  /** The body's bytes as received, before any parsing; empty when there was none. */
  readonly body: Uint8Array;
  /** Path prefix that the server is configured with, for example `/realtime`. SDKs differ in whether they sign it. */
  readonly pathPrefix?: string;
}

/** The part of an app that the check needs. */
export type RequestSigner = Pick<App, "id" | "key" | "secret" | "previousSecret"> & {
  readonly events: Pick<App["events"], "authTimestampToleranceSeconds">;
};

/** What {@link verifyRequestSignature} answers. The failure's message may be sent to the requester. */
export type RequestSignatureResult =
  | { readonly ok: true }
  | { readonly ok: false; readonly failure: Failure<ApiSignatureFailureName> };

/** More of the signed text is not kept as evidence, in characters. */
const maxLoggedTextLength = 4096;

/** Seconds since 1970 have 10 digits; from here on it is milliseconds. */
const firstMillisecondTimestamp = 100_000_000_000;

/**
 * Checks key, version, time, body digest and signature, in this order. Never throws. `nowMs` is the time of day. If
 * `mayDiagnose` says yes, a mismatch is compared with the mistakes that clients are known to make, at the cost of some
 * dozen digests.
 */
export function verifyRequestSignature(
  request: SignedRequest,
  app: RequestSigner,
  nowMs: number,
  mayDiagnose: () => boolean = () => true,
): RequestSignatureResult {
  const failure = findProblem(request, app, nowMs, mayDiagnose);
  return failure === undefined ? { ok: true } : { ok: false, failure };
}

function findProblem(
  request: SignedRequest,
  app: RequestSigner,
  nowMs: number,
  mayDiagnose: () => boolean,
): Failure<ApiSignatureFailureName> | undefined {
  const parameters = parseQuery(splitTarget(request.target).query);
  for (const parameter of ["auth_key", "auth_timestamp", "auth_version", "auth_signature"]) {
    const problem = scalarProblem(parameters, parameter);
    if (problem)
      return apiSignatureFailures.create("api-signature-parameter-missing", { parameter, problem });
  }
  const key = valueOf(parameters, "auth_key");
  if (key !== app.key)
    return apiSignatureFailures.create("api-signature-key-mismatch", { key: excerpt(key), appId: app.id });
  const version = valueOf(parameters, "auth_version");
  if (version !== "1.0")
    return apiSignatureFailures.create("api-signature-version-unsupported", { version: excerpt(version) });
  return (
    findTimestampProblem(
      valueOf(parameters, "auth_timestamp"),
      app.events.authTimestampToleranceSeconds,
      nowMs,
    ) ??
    findBodyProblem(parameters, request.body) ??
    findSignatureProblem(parameters, request, app, mayDiagnose)
  );
}

function findTimestampProblem(text: string, toleranceSeconds: number, nowMs: number) {
  if (toleranceSeconds <= 0) return undefined;
  const timestamp = Number(text);
  if (!/^\d{1,15}$/.test(text) || timestamp >= firstMillisecondTimestamp) {
    return apiSignatureFailures.create("api-signature-timestamp-invalid", { timestamp: excerpt(text) });
  }
  const serverTime = Math.floor(nowMs / 1000);
  const skewSeconds = timestamp - serverTime;
  if (Math.abs(skewSeconds) <= toleranceSeconds) return undefined;
  return apiSignatureFailures.create("api-signature-timestamp-expired", {
    timestamp,
    serverTime,
    skewSeconds,
    toleranceSeconds,
  });
}

function findBodyProblem(parameters: readonly QueryParameter[], body: Uint8Array) {
  const given = parameters.filter(({ name }) => name === "body_md5");
  if (given.length === 0) {
    if (body.length === 0) return undefined;
    return apiSignatureFailures.create("api-signature-body-md5-missing", { bodyBytes: body.length });
  }
  const received = valueOf(parameters, "body_md5");
  const computed = hash("md5", body);
  if (received.toLowerCase() === computed) return undefined;
  return apiSignatureFailures.create("api-signature-body-md5-mismatch", {
    received: excerpt(received),
    computed,
    bodyBytes: body.length,
  });
}

function findSignatureProblem(
  parameters: readonly QueryParameter[],
  request: SignedRequest,
  app: RequestSigner,
  mayDiagnose: () => boolean,
) {
  const signature = valueOf(parameters, "auth_signature");
  if (!isHexDigest(signature)) {
    return apiSignatureFailures.create("api-signature-malformed", {
      length: signature.length,
      looksLike: describeDigest(signature),
    });
  }
  if (matchesDigest(app, [likeliestSigningText(request.method, request.target, parameters)], signature)) {
    return undefined;
  }
  const texts = requestSigningTexts(request.method, request.target, request.pathPrefix);
  if (matchesDigest(app, texts.slice(1), signature)) return undefined;
  const isExamined = isWorthTolerance(request.target) && mayDiagnose();
  const diagnosis = isExamined ? diagnoseRequestSignature(app, request, texts, signature) : undiagnosed;
  return apiSignatureFailures.create("api-signature-mismatch", {
    ...diagnosis,
    signedText: shorten(texts[0] ?? "", maxLoggedTextLength),
  });
}

function scalarProblem(parameters: readonly QueryParameter[], name: string) {
  const first = parameters.findIndex((parameter) => parameter.name === name);
  if (first < 0) return parameters.some((each) => each.name.startsWith(`${name}[`)) ? "repeated" : "absent";
  if (parameters.findLastIndex((parameter) => parameter.name === name) !== first) return "repeated";
  return parameters[first]?.value === "" ? "empty" : undefined;
}

function valueOf(parameters: readonly QueryParameter[], name: string): string {
  const first = parameters.findIndex((parameter) => parameter.name === name);
  const last = parameters.findLastIndex((parameter) => parameter.name === name);
  if (first === last) return parameters[first]?.value ?? "";
  return joinParameters(parameters.filter((parameter) => parameter.name === name));
}
