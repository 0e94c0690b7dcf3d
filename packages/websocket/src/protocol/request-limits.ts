/**
 * The limits on a request head that an HTTP parser has already accepted: length of the target, size and number of
 * headers, control characters. Checked before routing, so that an oversized request costs nothing more.
 */
import { engineFailures } from "../failures/engine-failures.ts";
import { toEvidenceText } from "../failures/evidence-text.ts";
import type { Failure } from "../failures/failure.ts";
import type { UpgradeRequestHead } from "./hop-by-hop.ts";

export interface RequestLimits {
  readonly maxUrlBytes: number;
  /** Over the whole header section, line ends included. */
  readonly maxHeaderBytes: number;
  readonly maxHeaders: number;
}

export const defaultRequestLimits: RequestLimits = {
  maxUrlBytes: 8192,
  maxHeaderBytes: 16_384,
  maxHeaders: 100,
};

const illegalByte = /[\0\r\n]/;

/** The first limit that a request head breaks, undefined if none. */
export function judgeRequestLimits(
  head: UpgradeRequestHead,
  limits: RequestLimits = defaultRequestLimits,
): Failure | undefined {
  const { target, rawHeaders } = head;
  if (target.length > limits.maxUrlBytes) {
    return engineFailures.create("handshake-uri-too-long", {
      bytes: target.length,
      limit: limits.maxUrlBytes,
    });
  }
  // Per line ": " and CRLF come on top of the texts, that is two bytes for each.
  let bytes = 0;
  for (const text of rawHeaders) bytes += text.length + 2;
  if (bytes > limits.maxHeaderBytes) {
    return engineFailures.create("handshake-headers-too-large", { bytes, limit: limits.maxHeaderBytes });
  }
  const count = Math.ceil(rawHeaders.length / 2);
  if (count > limits.maxHeaders) {
    return engineFailures.create("handshake-too-many-headers", { count, limit: limits.maxHeaders });
  }
  const illegal = rawHeaders.findIndex((text) => illegalByte.test(text));
  if (illegal < 0) return undefined;
  const header = toEvidenceText(rawHeaders[illegal - (illegal % 2)]!);
  return engineFailures.create("handshake-illegal-header-byte", { header });
}
