/**
 * The origin policy of a server (RFC 6455 §10.2). It protects the users of browsers from hostile pages, which cannot
 * forge Origin; it does not protect the server from hostile programs, which can.
 */
import { engineFailures } from "../failures/engine-failures.ts";
import { hideUserInfo, toEvidenceText } from "../failures/evidence-text.ts";
import type { Failure } from "../failures/failure.ts";
import type { UpgradeRequestHead } from "./hop-by-hop.ts";

/** Judges one origin, in lower case and without a default port, or `null` for an opaque one. */
export type OriginPredicate = (origin: string, head: UpgradeRequestHead) => boolean;

/**
 * Which origins may connect: every one, those listed (as `scheme://host[:port]`, `null`, or by regular expression), or
 * those that a function accepts. The whole origin is compared, since http://site must not stand in for https://site.
 */
export type AllowedOrigins = "*" | readonly (string | RegExp)[] | OriginPredicate;

/** A policy ready to judge; see {@link createOriginPolicy}. */
export interface OriginPolicy {
  readonly accepts: OriginPredicate;
  readonly allowMissingOrigin: boolean;
}

export type OriginVerdict =
  | { readonly ok: true; readonly origin: string | undefined }
  | { readonly ok: false; readonly failure: Failure };

// A page from a file has an origin without a host in some browsers and in Electron.
const originForm = /^(?:([a-z][a-z0-9+.-]*):\/\/(\[[0-9a-f:.]+\]|[a-z0-9\-._~%]+)(?::(\d{1,5}))?|file:\/\/)$/;

const defaultPorts: Readonly<Record<string, string>> = { http: "80", ws: "80", https: "443", wss: "443" };

/**
 * Prepares a policy. Throws a TypeError for a listed text that is no origin, since it could never match.
 * `allowMissingOrigin`, true by default, lets clients in that are not browsers.
 */
export function createOriginPolicy(
  allowed: AllowedOrigins,
  options: { readonly allowMissingOrigin?: boolean } = {},
): OriginPolicy {
  const allowMissingOrigin = options.allowMissingOrigin ?? true;
  if (allowed === "*") return { accepts: () => true, allowMissingOrigin };
  if (typeof allowed === "function") return { accepts: allowed, allowMissingOrigin };
  const exact = new Set<string>();
  const patterns: RegExp[] = [];
  for (const entry of allowed) {
    if (typeof entry === "string") exact.add(requireOrigin(entry));
    // A global or sticky expression remembers where it stopped and would refuse every other client.
    else patterns.push(new RegExp(entry.source, entry.flags.replaceAll(/[gy]/g, "")));
  }
  const accepts = (origin: string): boolean =>
    exact.has(origin) || patterns.some((pattern) => pattern.test(origin));
  return { accepts, allowMissingOrigin };
}

/** Judges `values`, those of all Origin headers of the request; the origin it returns is normalised. */
export function judgeOrigin(
  values: readonly string[],
  policy: OriginPolicy,
  head: UpgradeRequestHead,
): OriginVerdict {
  const [value] = values;
  if (value === undefined) {
    if (policy.allowMissingOrigin) return { ok: true, origin: undefined };
    return { ok: false, failure: engineFailures.create("handshake-origin-missing") };
  }
  const origin = values.length === 1 ? normalizeOrigin(value) : undefined;
  if (origin === undefined) {
    const evidence = { origin: toEvidenceText(hideUserInfo(value)), count: values.length };
    return { ok: false, failure: engineFailures.create("handshake-origin-malformed", evidence) };
  }
  if (policy.accepts(origin, head)) return { ok: true, origin };
  const failure = engineFailures.create("handshake-origin-rejected", { origin: toEvidenceText(origin) });
  return { ok: false, failure };
}

/** Brings an origin into the form in which origins are compared; undefined if the text is no origin. */
export function normalizeOrigin(text: string): string | undefined {
  const origin = text.toLowerCase();
  if (origin === "null") return origin;
  const match = originForm.exec(origin);
  if (match === null) return undefined;
  const [, scheme, host, port] = match;
  if (scheme === undefined || port === undefined) return origin;
  if (Number(port) > 65_535) return undefined;
  return defaultPorts[scheme] === port ? `${scheme}://${host}` : origin;
}

function requireOrigin(text: string): string {
  const origin = normalizeOrigin(text);
  if (origin === undefined)
    throw new TypeError(`"${text}" is not an origin; write scheme://host[:port] or null`);
  return origin;
}
