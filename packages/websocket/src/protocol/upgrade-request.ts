/**
 * The server's judgement of a handshake request (RFC 6455 §4.2.1): a request head in, and out comes what an
 * application needs to decide, or the one failure to refuse it with. The order of the checks is fixed, so that a
 * request with several faults always gets the same answer. The shell calls it after limits, draining and routing.
 */
import { engineFailures } from "../failures/engine-failures.ts";
import { toEvidenceText } from "../failures/evidence-text.ts";
import type { Failure } from "../failures/failure.ts";
import { HeaderFields } from "./header-fields.ts";
import { type ExtensionOffer, parseExtensionList, parseTokenList, splitList } from "./header-syntax.ts";
import {
  judgeConnectionHeader,
  judgeHttpVersion,
  judgeMethod,
  judgeUpgradeHeader,
  type UpgradeRequestHead,
} from "./hop-by-hop.ts";
import { judgeHost } from "./host-header.ts";
import { judgeOrigin, type OriginPolicy } from "./origin.ts";
import { type ParsedTarget, parseTarget } from "./request-target.ts";

/** What a server asks of handshakes beyond the RFC. */
export interface UpgradeRules {
  readonly origins: OriginPolicy;
  /** Host names, with a port or for any port; undefined allows every host. */
  readonly allowedHosts?: readonly string[];
  /** Methods that the same path serves as plain HTTP, for the Allow header of a 405. */
  readonly otherMethods?: readonly string[];
  /** A declared body beyond this is refused as too large (413) rather than as a body (400). */
  readonly maxRequestBodyBytes?: number;
}

/** A handshake request without fault, ready for the application's decision and the 101. */
export interface AcceptableUpgrade {
  /** Percent-decoded once. */
  readonly path: string;
  /** As received, without the question mark. */
  readonly query: string;
  readonly host: string;
  /** Trimmed, otherwise as received: the accept value is computed from this text. */
  readonly key: string;
  /** In the client's order, each once. */
  readonly subprotocols: readonly string[];
  readonly extensionOffers: readonly ExtensionOffer[];
  /** In lower case and without a default port. */
  readonly origin: string | undefined;
  /** A header by name in any letter case, all occurrences joined. */
  header(name: string): string | undefined;
}

export type UpgradeVerdict =
  | { readonly ok: true; readonly request: AcceptableUpgrade }
  | { readonly ok: false; readonly failure: Failure };

/** Judges everything from the method to the origin. `parsed` is the target, for callers that have taken it apart already. */
export function judgeUpgradeRequest(
  head: UpgradeRequestHead,
  rules: UpgradeRules,
  parsed: ParsedTarget = parseTarget(head.target),
): UpgradeVerdict {
  if (!parsed.ok) return parsed;
  const { path, query, authority } = parsed.target;
  const fields = new HeaderFields(head.rawHeaders);

  const messageFailure =
    judgeMethod(head.method, rules.otherMethods) ??
    judgeHttpVersion(head.httpVersion, fields) ??
    judgeBody(fields, rules.maxRequestBodyBytes);
  if (messageFailure) return refuse(messageFailure);

  const host = judgeHost(fields, authority, rules.allowedHosts);
  if (!host.ok) return host;

  const upgradeFailure =
    judgeUpgradeHeader(fields) ?? judgeConnectionHeader(fields) ?? judgeVersion(fields) ?? judgeKey(fields);
  if (upgradeFailure) return refuse(upgradeFailure);

  const subprotocols = readSubprotocols(fields);
  if (!subprotocols.ok) return subprotocols;
  const extensions = readExtensions(fields);
  if (!extensions.ok) return extensions;
  const origin = judgeOrigin(fields.all("origin"), rules.origins, head);
  if (!origin.ok) return origin;

  const request: AcceptableUpgrade = {
    path,
    query,
    host: host.host,
    key: fields.all("sec-websocket-key")[0]!,
    subprotocols: subprotocols.value,
    extensionOffers: extensions.value,
    origin: origin.origin,
    header: (name) => fields.get(name),
  };
  return { ok: true, request };
}

/** Node leaves a body unread on upgrade, so that its bytes would be parsed as frames of the client's choosing. */
function judgeBody(fields: HeaderFields, maxBytes = Number.POSITIVE_INFINITY): Failure | undefined {
  if (fields.has("transfer-encoding")) {
    return engineFailures.create("handshake-request-has-body", { header: "Transfer-Encoding" });
  }
  const length = fields.get("content-length");
  if (length === undefined || splitList(length).every((member) => /^0+$/.test(member))) return undefined;
  const bytes = Math.max(...splitList(length).map(Number));
  return bytes > maxBytes
    ? engineFailures.create("request-body-too-large", { bytes, limit: maxBytes })
    : engineFailures.create("handshake-request-has-body", { header: "Content-Length" });
}

/**
 * RFC 6455 §4.4. Versions 7 and 8 put the origin into another header, so accepting them would bypass the origin check.
 * The version comes before the key because the drafts used other key headers.
 */
function judgeVersion(fields: HeaderFields): Failure | undefined {
  const values = fields.all("sec-websocket-version");
  const [version] = values;
  if (version === undefined) {
    return fields.has("sec-websocket-key1") || fields.has("sec-websocket-key2")
      ? engineFailures.create("handshake-legacy-hixie76")
      : engineFailures.create("handshake-version-missing");
  }
  if (values.length > 1 || !/^(?:0|[1-9]\d{0,2})$/.test(version) || Number(version) > 255) {
    const evidence = { version: toEvidenceText(version), count: values.length };
    return engineFailures.create("handshake-version-malformed", evidence);
  }
  if (version === "13") return undefined;
  return engineFailures.create("handshake-version-unsupported", { version: Number(version) });
}

/** RFC 6455 §4.2.1 item 5. Padding bits need not be zero: the RFC's own sample key is not canonical base64. */
function judgeKey(fields: HeaderFields): Failure | undefined {
  const values = fields.all("sec-websocket-key");
  const [key] = values;
  if (key === undefined) return engineFailures.create("handshake-key-missing");
  if (values.length > 1) return engineFailures.create("handshake-key-duplicated", { count: values.length });
  if (/^[A-Za-z0-9+/]{22}==$/.test(key)) return undefined;
  return engineFailures.create("handshake-key-invalid", { characters: key.length });
}

type ReadList<T> =
  | { readonly ok: true; readonly value: readonly T[] }
  | { readonly ok: false; readonly failure: Failure };

function readSubprotocols(fields: HeaderFields): ReadList<string> {
  const text = fields.get("sec-websocket-protocol");
  if (text === undefined) return { ok: true, value: [] };
  const list = parseTokenList(text);
  if (!list.ok)
    return refuse(engineFailures.create("handshake-subprotocol-syntax", { problem: list.problem }));
  const repeated = list.value.findIndex((name, index) => list.value.indexOf(name) < index);
  if (repeated < 0) return list;
  return refuse(engineFailures.create("handshake-subprotocol-duplicate", { position: repeated + 1 }));
}

/** Unknown extensions and parameters are no error: they are declined by leaving them out of the answer. */
function readExtensions(fields: HeaderFields): ReadList<ExtensionOffer> {
  const text = fields.get("sec-websocket-extensions");
  if (text === undefined) return { ok: true, value: [] };
  const list = parseExtensionList(text);
  if (list.ok) return list;
  return refuse(engineFailures.create("handshake-extension-syntax", { problem: list.problem }));
}

function refuse(failure: Failure): { readonly ok: false; readonly failure: Failure } {
  return { ok: false, failure };
}
