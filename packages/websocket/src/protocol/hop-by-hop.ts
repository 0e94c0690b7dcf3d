/**
 * The part of a handshake that proxies break: method, HTTP version, Upgrade and Connection. Used for a request that
 * arrives as an upgrade, and for one that arrives as plain HTTP on a path where only WebSockets are served.
 */
import { engineFailures } from "../failures/engine-failures.ts";
import { toEvidenceText } from "../failures/evidence-text.ts";
import type { Failure } from "../failures/failure.ts";
import { HeaderFields } from "./header-fields.ts";
import { listContains } from "./header-syntax.ts";

/** The head of a request as an HTTP parser hands it over. */
export interface UpgradeRequestHead {
  readonly method: string;
  /** As in the request line, undecoded. */
  readonly target: string;
  /** For example `1.1`. */
  readonly httpVersion: string;
  /** Alternating names and values with every duplicate, as in Node's `IncomingMessage.rawHeaders`. */
  readonly rawHeaders: readonly string[];
}

const proxyHeaders = [
  "Via",
  "Forwarded",
  "X-Forwarded-For",
  "X-Forwarded-Proto",
  "X-Forwarded-Host",
  "X-Real-IP",
];

/** Whether a request means to be a WebSocket handshake, even if a proxy removed its Upgrade or Connection header. */
export function isUpgradeAttempt(head: UpgradeRequestHead): boolean {
  return meansWebSocket(new HeaderFields(head.rawHeaders));
}

/**
 * The failure to answer with when a request reaches a WebSocket-only path as plain HTTP; undefined if nothing is missing
 * from it, so that it has to be judged as an upgrade.
 */
export function judgePlainRequest(
  head: UpgradeRequestHead,
  options: { readonly otherMethods?: readonly string[] } = {},
): Failure | undefined {
  const fields = new HeaderFields(head.rawHeaders);
  return (
    judgeMethod(head.method, options.otherMethods) ??
    (meansWebSocket(fields) ? judgeHttpVersion(head.httpVersion, fields) : undefined) ??
    judgeUpgradeHeader(fields) ??
    judgeConnectionHeader(fields)
  );
}

/** RFC 6455 §4.2.1 item 1. `otherMethods` are those that the same path serves as plain HTTP. */
export function judgeMethod(method: string, otherMethods: readonly string[] = []): Failure | undefined {
  if (method === "GET") return undefined;
  const allow = ["GET", ...otherMethods.filter((other) => other !== "GET")].join(", ");
  return engineFailures.create("handshake-method-not-get", { method: toEvidenceText(method), allow });
}

/** RFC 9110 §7.8: Upgrade in an HTTP/1.0 request must be ignored, so such a request cannot be a handshake. */
export function judgeHttpVersion(httpVersion: string, fields: HeaderFields): Failure | undefined {
  if (httpVersion === "1.1") return undefined;
  const [major, minor] = httpVersion.split(".").map(Number);
  if (major !== undefined && (major > 1 || (major === 1 && minor !== undefined && minor >= 1)))
    return undefined;
  const version = toEvidenceText(httpVersion);
  const header = proxyHeaders.find((name) => fields.has(name));
  return header === undefined
    ? engineFailures.create("handshake-http-version-too-low", { version })
    : engineFailures.create("proxy-http10-upstream", { version, header });
}

/** RFC 6455 §4.2.1 item 3: one member of Upgrade is `websocket`, in any letter case and without a version. */
export function judgeUpgradeHeader(fields: HeaderFields): Failure | undefined {
  const upgrade = fields.get("upgrade");
  if (upgrade !== undefined) {
    if (listContains(upgrade, "websocket")) return undefined;
    return engineFailures.create("handshake-upgrade-not-websocket", { upgrade: toEvidenceText(upgrade) });
  }
  return fields.has("sec-websocket-key")
    ? engineFailures.create("proxy-stripped-upgrade")
    : engineFailures.create("handshake-not-an-upgrade");
}

/** RFC 6455 §4.2.1 item 4: Connection is a list, in which Firefox puts `keep-alive` before `Upgrade`. */
export function judgeConnectionHeader(fields: HeaderFields): Failure | undefined {
  const connection = fields.get("connection");
  if (connection !== undefined && listContains(connection, "upgrade")) return undefined;
  return engineFailures.create("handshake-connection-token-missing", {
    connection: connection === undefined ? undefined : toEvidenceText(connection),
  });
}

function meansWebSocket(fields: HeaderFields): boolean {
  return fields.has("sec-websocket-key") || listContains(fields.get("upgrade") ?? "", "websocket");
}
