/**
 * The request target (RFC 9112 §3.2): from the text in the request line to the path that is routed, the raw query, and
 * the host of an absolute-form target. Routing comes first, so the shell calls this before the rest is judged.
 */
import { engineFailures } from "../failures/engine-failures.ts";
import { toEvidenceText } from "../failures/evidence-text.ts";
import type { Failure } from "../failures/failure.ts";

/** A request target taken apart. */
export interface RequestTarget {
  /** Percent-decoded exactly once; starts with a slash. */
  readonly path: string;
  /** As received, without the question mark; empty if there is none. */
  readonly query: string;
  /** `host[:port]` of an absolute-form target, which overrides the Host header (RFC 9112 §3.2.2). */
  readonly authority: string | undefined;
}

export type ParsedTarget =
  | { readonly ok: true; readonly target: RequestTarget }
  | { readonly ok: false; readonly failure: Failure };

const absoluteForm = /^(?:https?|wss?):\/\/([^/?#]*)/i;

/** Takes a request target apart. An asterisk or a bare authority names no resource and so is a path that is not found. */
export function parseTarget(target: string): ParsedTarget {
  const absolute = absoluteForm.exec(target);
  const relative = absolute ? target.slice(absolute[0].length) : target;
  const queryStart = relative.indexOf("?");
  const rawPath = queryStart < 0 ? relative : relative.slice(0, queryStart);
  if (target.includes("#")) return malformed("its target has a fragment");
  if (!rawPath.startsWith("/") && !(absolute && rawPath === "")) {
    const path = toEvidenceText(rawPath);
    return { ok: false, failure: engineFailures.create("handshake-path-not-found", { path }) };
  }
  const path = decodePath(rawPath || "/");
  if (path === undefined) return malformed("the percent-encoding of its path is not valid UTF-8");
  const query = queryStart < 0 ? "" : relative.slice(queryStart + 1);
  return { ok: true, target: { path, query, authority: absolute?.[1] } };
}

function decodePath(rawPath: string): string | undefined {
  try {
    return decodeURIComponent(rawPath);
  } catch {
    // A URIError says no more than that it does not decode.
    return undefined;
  }
}

function malformed(problem: string): ParsedTarget {
  return { ok: false, failure: engineFailures.create("handshake-malformed-http", { problem }) };
}
