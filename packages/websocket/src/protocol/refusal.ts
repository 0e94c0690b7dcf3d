/**
 * The HTTP response that refuses a handshake: from a failure, or from a status that the application's hook chose, to
 * the text of the whole response. It is written at once and ends the connection.
 */
import { engineFailures } from "../failures/engine-failures.ts";
import { type Failure, FailureError } from "../failures/failure.ts";
import { formatHead, type HeaderLine } from "./header-fields.ts";
import { isReservedHeader, judgeHookHeaders } from "./response-headers.ts";

export interface Refusal {
  /** 3xx but not 304, 4xx or 5xx. */
  readonly status: number;
  /** Default: the standard phrase of the status. Printable ASCII. */
  readonly reasonPhrase?: string | undefined;
  /** Explained in the body, and source of the headers that its status demands. */
  readonly failure?: Failure | undefined;
  /** From the application; a header of the same name takes the place of Content-Type and Cache-Control. */
  readonly headers?: readonly HeaderLine[] | undefined;
  /** Takes the place of the explanation. */
  readonly body?: string | undefined;
  /** Whether the explanation is JSON; see `prefersJson`. */
  readonly acceptsJson?: boolean | undefined;
  /** For the answer to HEAD. */
  readonly omitBody?: boolean | undefined;
}

const reasonPhrases: Readonly<Record<number, string>> = {
  301: "Moved Permanently",
  302: "Found",
  303: "See Other",
  307: "Temporary Redirect",
  308: "Permanent Redirect",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  413: "Content Too Large",
  414: "URI Too Long",
  421: "Misdirected Request",
  426: "Upgrade Required",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
};

/** Whether a handshake can be refused with this status: 1xx, 2xx and 304 would leave the client waiting or confused. */
export function isRefusalStatus(status: number): boolean {
  return Number.isInteger(status) && status >= 300 && status <= 599 && status !== 304;
}

/** The headers that a failure's status demands: Allow, Retry-After, WWW-Authenticate, and the offer of version 13. */
export function refusalHeaders(failure: Failure): HeaderLine[] {
  return mandatoryHeaders(failure.httpStatus ?? 500, failure);
}

function mandatoryHeaders(status: number, failure: Failure | undefined): HeaderLine[] {
  // RFC 9110 §15.5.22 demands Upgrade in every 426, and §7.8 then wants it named in Connection.
  const headers: HeaderLine[] =
    status === 426
      ? [
          ["Upgrade", "websocket"],
          ["Connection", "Upgrade, close"],
        ]
      : [["Connection", "close"]];
  if (status === 426 || failure?.name.startsWith("handshake-version-")) {
    headers.push(["Sec-WebSocket-Version", "13"]);
  }
  const { allow, retryAfterSeconds, challenge } = failure?.evidence ?? {};
  if (allow !== undefined) headers.push(["Allow", String(allow)]);
  if (retryAfterSeconds !== undefined) headers.push(["Retry-After", String(retryAfterSeconds)]);
  if (challenge !== undefined) headers.push(["WWW-Authenticate", String(challenge)]);
  return headers;
}

/** Formats the response to a failure that carries its own HTTP status; one without answers 500. */
export function formatFailureRefusal(
  failure: Failure,
  options: { readonly acceptsJson?: boolean; readonly headers?: readonly HeaderLine[] } = {},
): string {
  return formatRefusal({ ...options, status: failure.httpStatus ?? 500, failure });
}

/**
 * Formats the whole response. Throws a {@link FailureError} for a status that cannot refuse
 * (`handshake-hook-rejected-without-status`) and for a header that an application must not set
 * (`handshake-hook-illegal-header`): check what a hook hands over with `isRefusalStatus` and `judgeHookHeaders` first.
 */
export function formatRefusal(refusal: Refusal): string {
  const { status, failure } = refusal;
  const reasonPhrase = refusal.reasonPhrase ?? reasonPhrases[status] ?? "";
  const ownHeaders = refusal.headers ?? [];
  const headers = mandatoryHeaders(status, failure);
  if (!isRefusalStatus(status)) {
    throw new FailureError(engineFailures.create("handshake-hook-rejected-without-status", { status }));
  }
  const fromOutside = headers.filter(([name]) => !isReservedHeader(name));
  const illegal = judgeHookHeaders([["Reason-Phrase", reasonPhrase], ...fromOutside, ...ownHeaders]);
  if (illegal) throw new FailureError(illegal);

  const asJson = refusal.body === undefined && failure !== undefined && refusal.acceptsJson === true;
  const body = refusal.body ?? (failure ? explain(failure, asJson) : "");
  headers.push(["Content-Length", String(utf8Length(body))]);
  const defaults: HeaderLine[] = [
    ["Content-Type", asJson ? "application/json" : "text/plain; charset=utf-8"],
    ["Cache-Control", "no-store"],
  ];
  const chosenNames = new Set(ownHeaders.map(([name]) => name.toLowerCase()));
  headers.push(...defaults.filter(([name]) => !chosenNames.has(name.toLowerCase())), ...ownHeaders);
  return formatHead(`HTTP/1.1 ${status} ${reasonPhrase}`, headers) + (refusal.omitBody ? "" : body);
}

/** The name first and the fix second, so that the two lines a person reads are always the same two. */
function explain(failure: Failure, asJson: boolean): string {
  const { name, fix, message } = failure;
  return asJson ? `${JSON.stringify({ failure: name, fix, message })}\n` : `${name}\n${fix}\n${message}\n`;
}

/** Length in UTF-8; a lone surrogate counts as the three bytes of U+FFFD that it is written as. */
function utf8Length(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const codePoint = character.codePointAt(0)!;
    bytes += codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
  }
  return bytes;
}
