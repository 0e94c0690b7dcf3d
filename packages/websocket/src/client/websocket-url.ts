/**
 * A WebSocket URL taken apart (RFC 6455 §3): text in, what to dial, what to verify and what to send out. Called for the
 * caller's URL and for each redirect.
 */
import { engineFailures } from "../failures/engine-failures.ts";
import { FailureError } from "../failures/failure.ts";

export interface WebSocketTarget {
  /** Normalised, as `ws:` or `wss:`, without user info: fit for messages. */
  readonly url: string;
  readonly isSecure: boolean;
  /** A name or address to dial; IPv6 without brackets. */
  readonly hostname: string;
  readonly port: number;
  /** The value of Host: without the default port, IPv6 in brackets. */
  readonly host: string;
  /** Path and query. */
  readonly requestTarget: string;
  /** `Basic …` from the URL's user info. */
  readonly authorization: string | undefined;
}

const schemes: Readonly<Record<string, string>> = {
  "ws:": "ws:",
  "wss:": "wss:",
  "http:": "ws:",
  "https:": "wss:",
};

/**
 * Parses a `ws:`, `wss:`, `http:` or `https:` URL.
 * @throws FailureError `url-invalid`, `url-has-fragment`.
 */
export function parseWebSocketUrl(url: string | URL): WebSocketTarget {
  const parsed = parse(String(url));
  const scheme = schemes[parsed.protocol];
  if (scheme === undefined) throw invalid(`${parsed.protocol} is not a WebSocket scheme`);
  if (parsed.href.includes("#")) throw new FailureError(engineFailures.create("url-has-fragment"));
  const isSecure = scheme === "wss:";
  const requestTarget = parsed.pathname + parsed.search;
  return {
    url: `${scheme}//${parsed.host}${requestTarget}`,
    isSecure,
    hostname: parsed.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: parsed.port === "" ? (isSecure ? 443 : 80) : Number(parsed.port),
    host: parsed.host,
    requestTarget,
    authorization: formatBasicCredentials(parsed),
  };
}

/** `Basic …` from the user info of a URL (RFC 7617), or undefined if it has none. */
export function formatBasicCredentials(url: URL): string | undefined {
  if (url.username === "" && url.password === "") return undefined;
  const userInfo = `${decode(url.username)}:${decode(url.password)}`;
  return `Basic ${Buffer.from(userInfo).toString("base64")}`;
}

function parse(text: string): URL {
  if (!URL.canParse(text)) throw invalid("it does not parse");
  return new URL(text);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A stray percent sign is taken literally, as browsers do.
    return text;
  }
}

function invalid(problem: string): FailureError {
  return new FailureError(engineFailures.create("url-invalid", { problem }));
}
