/** Publishes one event through the signed HTTP API, and says why if it is refused. */
import type { Failure } from "@antiphon/websocket";
import { apiSignatureFailures } from "../failures/api-signature-failures.ts";
import { doctorFailures } from "../failures/doctor-failures.ts";
import { stateFailure } from "../failures/state-failure.ts";
import { shortenText } from "../cli/safe-text.ts";
import { type ApiAccess, type ApiAnswer, askApi } from "./ask-api.ts";
import type { AppCredentials } from "./pusher-target.ts";
import { signRequest } from "./sign-request.ts";

export interface Publication {
  readonly channels: readonly string[];
  readonly name: string;
  /** Passed through byte for byte. */
  readonly data: string;
  /** Is left out when the event is delivered. */
  readonly socketId?: string;
}

export interface PublishResult {
  /** What the server said; `undefined` if it was not reached. */
  readonly answer?: ApiAnswer;
  /** This machine's clock less the server's, from its Date header; `undefined` without one. */
  readonly skewSeconds?: number;
  readonly failure?: Failure;
}

/** What servers allow by default. */
const usualToleranceSeconds = 600;

/** `now` gives the time of day in milliseconds. */
export async function publish(
  access: ApiAccess,
  app: AppCredentials,
  { channels, name, data, socketId }: Publication,
  now: () => number,
): Promise<PublishResult> {
  const body = JSON.stringify({
    name,
    channels,
    data,
    ...(socketId !== undefined && { socket_id: socketId }),
  });
  const path = `/apps/${encodeURIComponent(app.appId)}/events`;
  const sentAtMs = now();
  const target = signRequest({ method: "POST", path, body }, app, sentAtMs);
  const result = await askApi(access, "POST", target, body);
  if (!result.ok) return { failure: result.failure };
  const { answer } = result;
  const skewSeconds = readClockSkew(answer, sentAtMs);
  const skew = skewSeconds === undefined ? {} : { skewSeconds };
  if (answer.status === 200) return { answer, ...skew };
  return { answer, ...skew, failure: explainRefusal(answer, sentAtMs, skewSeconds) };
}

/** The header has whole seconds, and the answer took time: within two seconds the clocks count as equal. */
function readClockSkew({ headers, ms }: ApiAnswer, sentAtMs: number): number | undefined {
  const serverMs = Date.parse(headers.date ?? "");
  if (Number.isNaN(serverMs)) return undefined;
  const skewSeconds = Math.round((sentAtMs + ms / 2 - serverMs - 500) / 1000);
  return Math.abs(skewSeconds) <= 2 ? 0 : skewSeconds;
}

/** Words of the usual servers' answers, most telling first. */
const wordings: readonly (readonly [RegExp, keyof typeof apiSignatureFailures.definitions])[] = [
  [/auth_key|unknown (?:app|auth) ?key|key .*(?:not|does not) /i, "api-signature-key-mismatch"],
  [/body_md5|md5/i, "api-signature-body-md5-mismatch"],
  [/auth_version/i, "api-signature-version-unsupported"],
  [/signature/i, "api-signature-mismatch"],
];

function explainRefusal(answer: ApiAnswer, sentAtMs: number, skewSeconds: number | undefined): Failure {
  const reason = readReason(answer);
  const { status } = answer;
  if (status === 401) {
    const isTooOld = /auth_timestamp|timestamp/i.test(reason);
    const isSkewed = skewSeconds !== undefined && Math.abs(skewSeconds) > usualToleranceSeconds;
    if (isTooOld || isSkewed) return nameSkew(sentAtMs, skewSeconds, reason);
    const [, name] = wordings.find(([pattern]) => pattern.test(reason)) ?? [];
    const stated = name && stateFailure(apiSignatureFailures, name, reason);
    if (stated) return stated;
  }
  return doctorFailures.create("api-request-refused", { status, reason: reason.replace(/\.$/, "") });
}

function nameSkew(sentAtMs: number, skewSeconds: number | undefined, reason: string): Failure {
  const timestamp = Math.floor(sentAtMs / 1000);
  if (skewSeconds === undefined) {
    const stated = stateFailure(apiSignatureFailures, "api-signature-timestamp-expired", reason);
    if (stated) return stated;
  }
  return apiSignatureFailures.create("api-signature-timestamp-expired", {
    timestamp,
    serverTime: timestamp - (skewSeconds ?? 0),
    skewSeconds: skewSeconds ?? 0,
    toleranceSeconds: usualToleranceSeconds,
  });
}

/** The sentence in the answer: of its `error` member, or of the whole text. */
function readReason({ status, body }: ApiAnswer): string {
  const text = readErrorMember(body) ?? body.trim();
  return text === "" ? `no explanation (status ${status})` : shortenText(text, 300);
}

function readErrorMember(body: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    const error =
      typeof parsed === "object" && parsed !== null && "error" in parsed ? parsed.error : undefined;
    return typeof error === "string" ? error : undefined;
  } catch {
    return undefined;
  }
}
