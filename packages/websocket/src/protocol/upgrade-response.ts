/**
 * The client's judgement of the answer to its handshake (RFC 6455 §4.1): a response head and what was asked for in, and
 * out comes what was agreed, or the one failure that ends the attempt. The order of the checks is fixed.
 */
import { engineFailures } from "../failures/engine-failures.ts";
import { toEvidenceText } from "../failures/evidence-text.ts";
import type { Failure } from "../failures/failure.ts";
import { HeaderFields } from "./header-fields.ts";
import { isToken, listContains, parseExtensionList } from "./header-syntax.ts";
import type { Strictness } from "./opcodes.ts";
import type { NegotiatedDeflate } from "./permessage-deflate.ts";
import {
  type DeflateOffer,
  deflateExtensionName,
  judgeDeflateResponse,
} from "./permessage-deflate-negotiation.ts";
import type { ResponseHead } from "./response-head-reader.ts";
import { judgeRefusalStatus } from "./response-status.ts";

/** What the client asked for. */
export interface UpgradeExpectations {
  /** base64(SHA-1(key + GUID)) of the key that was sent. */
  readonly expectedAccept: string;
  readonly offeredSubprotocols: readonly string[];
  /** Fails if subprotocols were offered and none was chosen, as browsers do. */
  readonly subprotocolRequired: boolean;
  /** Undefined if no compression was offered. */
  readonly offeredDeflate?: DeflateOffer | undefined;
  /** Ends the connection with 1010 after the handshake if the server does not accept compression. */
  readonly deflateRequired?: boolean;
  /** `compat` turns `Content-Length: 0` on a 101 into a warning. */
  readonly strictness: Strictness;
  /** The start of the response's body as text, where the shell has read it; it sharpens the name of some refusals. */
  readonly bodyStart?: string | undefined;
}

/** What both sides agreed on. */
export interface AcceptedUpgrade {
  /** Empty if none was chosen. */
  readonly subprotocol: string;
  readonly deflate: NegotiatedDeflate | undefined;
  readonly warnings: readonly Failure[];
  /** The handshake stands, but the connection has to be closed with this failure's code right away. */
  readonly closeWith: Failure | undefined;
}

export type UpgradeResponseVerdict =
  | ({ readonly ok: true } & AcceptedUpgrade)
  | { readonly ok: false; readonly failure: Failure };

/** Judges status, Upgrade, Connection, Accept, body headers, extensions and subprotocol, in this order. */
export function judgeUpgradeResponse(
  head: ResponseHead,
  expected: UpgradeExpectations,
): UpgradeResponseVerdict {
  if (head.status !== 101) return refuse(judgeRefusalStatus(head, expected.bodyStart));
  const fields = new HeaderFields(head.rawHeaders);
  const failure =
    judgeHttpVersion(head) ??
    judgeUpgrade(fields) ??
    judgeConnection(fields) ??
    judgeAccept(fields, expected.expectedAccept);
  if (failure) return refuse(failure);

  const warnings: Failure[] = [];
  const bodyFailure = judgeBodyHeaders(fields, expected.strictness);
  if (bodyFailure?.severity === "warning") warnings.push(bodyFailure);
  else if (bodyFailure) return refuse(bodyFailure);

  const extensions = judgeExtensions(fields, expected.offeredDeflate);
  if (!extensions.ok) return extensions;
  const subprotocolFailure = judgeSubprotocol(fields, expected);
  if (subprotocolFailure) return refuse(subprotocolFailure);

  const { deflate } = extensions;
  const lacksDeflate = expected.deflateRequired === true && deflate === undefined;
  return {
    ok: true,
    subprotocol: fields.get("sec-websocket-protocol") ?? "",
    deflate,
    warnings,
    closeWith: lacksDeflate
      ? engineFailures.create("required-extension-not-accepted", { extension: deflateExtensionName })
      : undefined,
  };
}

function judgeHttpVersion(head: ResponseHead): Failure | undefined {
  if (head.httpVersion === "1.1") return undefined;
  const problem = `a 101 cannot be HTTP/${head.httpVersion}`;
  return engineFailures.create("response-malformed-http", { problem });
}

/** RFC 6455 §4.1 item 2: unlike in the request it is one value, not a list. */
function judgeUpgrade(fields: HeaderFields): Failure | undefined {
  const upgrade = fields.get("upgrade");
  if (upgrade?.toLowerCase() === "websocket") return undefined;
  return engineFailures.create("response-upgrade-header-invalid", {
    upgrade: upgrade === undefined ? undefined : toEvidenceText(upgrade),
  });
}

function judgeConnection(fields: HeaderFields): Failure | undefined {
  const connection = fields.get("connection");
  if (connection !== undefined && listContains(connection, "upgrade")) return undefined;
  return engineFailures.create("response-connection-header-invalid", {
    connection: connection === undefined ? undefined : toEvidenceText(connection),
  });
}

/** base64(SHA-1(GUID)): what a server computes that never saw the key. */
const acceptOfNoKey = "Kfh9QIsMVZcl6xEPYxPHzW8SZ8w=";

function judgeAccept(fields: HeaderFields, expected: string): Failure | undefined {
  const values = fields.all("sec-websocket-accept");
  const [actual] = values;
  if (actual === undefined) return engineFailures.create("response-accept-missing");
  if (values.length > 1) return engineFailures.create("response-accept-duplicated", { count: values.length });
  if (actual === expected) return undefined;
  return engineFailures.create("response-accept-mismatch", {
    expected,
    actual: toEvidenceText(actual),
    hint: explainAccept(actual),
  });
}

function explainAccept(actual: string): string {
  if (actual === acceptOfNoKey)
    return "; the server hashed an empty key, so it or a proxy lost Sec-WebSocket-Key";
  if (/^[0-9a-f]{40}$/i.test(actual)) return "; the server sent the digest in hex instead of base64";
  if (/^[A-Za-z0-9+/]{54}==$/.test(actual)) return "; the server put the hex text of the digest into base64";
  return "";
}

function judgeBodyHeaders(fields: HeaderFields, strictness: Strictness): Failure | undefined {
  const coding = fields.get("transfer-encoding");
  const length = fields.get("content-length");
  if (coding === undefined && length === undefined) return undefined;
  const failure = engineFailures.create("response-has-body-headers", {
    header: coding === undefined ? "Content-Length" : "Transfer-Encoding",
    value: toEvidenceText(coding ?? length ?? ""),
  });
  return strictness === "compat" && coding === undefined && length === "0"
    ? { ...failure, severity: "warning" }
    : failure;
}

function judgeExtensions(
  fields: HeaderFields,
  offer: DeflateOffer | undefined,
):
  | { readonly ok: true; readonly deflate: NegotiatedDeflate | undefined }
  | { readonly ok: false; readonly failure: Failure } {
  const text = fields.get("sec-websocket-extensions");
  if (text === undefined) return { ok: true, deflate: undefined };
  const list = parseExtensionList(text);
  if (!list.ok) return refuse(engineFailures.create("response-extension-syntax", { problem: list.problem }));
  const unrequested = list.value.find(({ name }) => offer === undefined || name !== deflateExtensionName);
  if (unrequested !== undefined || offer === undefined) {
    const extension = toEvidenceText(unrequested?.name ?? "");
    return refuse(engineFailures.create("response-extension-unrequested", { extension }));
  }
  const [answer, ...others] = list.value;
  if (answer === undefined || others.length > 0) {
    const problem = "it is accepted more than once";
    return refuse(engineFailures.create("response-deflate-parameter-invalid", { problem }));
  }
  const verdict = judgeDeflateResponse(answer, offer);
  return verdict.ok ? { ok: true, deflate: verdict.parameters } : verdict;
}

function judgeSubprotocol(fields: HeaderFields, expected: UpgradeExpectations): Failure | undefined {
  const offered = expected.offeredSubprotocols;
  const values = fields.all("sec-websocket-protocol");
  const [chosen] = values;
  if (chosen === undefined) {
    return expected.subprotocolRequired && offered.length > 0
      ? engineFailures.create("response-subprotocol-missing", { offered: offered.length })
      : undefined;
  }
  if (values.length === 1 && isToken(chosen) && offered.includes(chosen)) return undefined;
  if (offered.length > 1 && sameList(values.join(","), offered)) {
    return engineFailures.create("response-subprotocol-list-echoed", { offered: offered.length });
  }
  const evidence = { offered: offered.length, count: values.length };
  return engineFailures.create("response-subprotocol-unrequested", evidence);
}

/** Whether the header repeats the offered names, in any spacing. */
function sameList(text: string, offered: readonly string[]): boolean {
  return text.replaceAll(/[ \t]/g, "") === offered.join(",");
}

function refuse(failure: Failure): { readonly ok: false; readonly failure: Failure } {
  return { ok: false, failure };
}
