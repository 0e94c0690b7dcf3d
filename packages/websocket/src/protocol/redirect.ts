/**
 * Whether a client that follows redirects may follow this one (RFC 9110 §15.4), and which of its headers may go along.
 * URLs come in resolved and normalised, as the platform's URL parser gives them.
 */
import { engineFailures } from "../failures/engine-failures.ts";
import { hideUserInfo, toEvidenceText } from "../failures/evidence-text.ts";
import type { Failure } from "../failures/failure.ts";
import type { HeaderLine } from "./header-fields.ts";

export const defaultMaxRedirects = 5;

const credentialNames: ReadonlySet<string> = new Set(["authorization", "cookie", "proxy-authorization"]);

/** Judges the redirect from the last of the `visited` URLs to `location`; undefined if it may be followed. */
export function judgeRedirect(
  location: string,
  visited: readonly string[],
  maxRedirects: number = defaultMaxRedirects,
): Failure | undefined {
  const evidence = { location: toEvidenceText(hideUserInfo(location.split(/[?#]/, 1)[0]!)) };
  if (isSecure(visited.at(-1) ?? "") && !isSecure(location)) {
    return engineFailures.create("response-redirect-insecure", evidence);
  }
  const redirects = visited.length - 1;
  if (redirects >= maxRedirects || visited.includes(location)) {
    return engineFailures.create("response-redirect-loop", { ...evidence, redirects });
  }
  return undefined;
}

/** The headers that may be sent to `location`: credentials stay with the scheme, host and port they were meant for. */
export function keepHeadersOnRedirect(
  headers: readonly HeaderLine[],
  from: string,
  location: string,
): readonly HeaderLine[] {
  if (readAuthority(from) === readAuthority(location)) return headers;
  return headers.filter(([name]) => !credentialNames.has(name.toLowerCase()));
}

function isSecure(url: string): boolean {
  return /^(?:wss|https):/i.test(url);
}

/** Whether TLS is used, and the host with its port: ws: and http: name the same place. */
function readAuthority(url: string): string {
  const authority = /^[a-z]+:\/\/(?:[^/?#]*@)?([^/?#]*)/i.exec(url)?.[1] ?? "";
  return `${isSecure(url)} ${authority.toLowerCase()}`;
}
