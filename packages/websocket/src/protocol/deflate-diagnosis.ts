/**
 * Why a compressed message does not inflate, from its bytes and what the codec said; and the one mistake that is read all
 * the same. For the message reader.
 */
import { engineFailures } from "../failures/engine-failures.ts";
import type { Failure } from "../failures/failure.ts";
import type { InflateResult } from "./primitives.ts";

/** A legal payload never ends like this: its last byte holds the three zero bits that begin the removed block. */
export function endsWithFlushTail(payload: Uint8Array): boolean {
  const end = payload.length;
  return (
    end >= 4 &&
    payload[end - 1] === 0xff &&
    payload[end - 2] === 0xff &&
    payload[end - 3] === 0 &&
    payload[end - 4] === 0
  );
}

/** The failure of an inflation that did not succeed. */
export function explainInflate(
  result: Extract<InflateResult, { readonly ok: false }>,
  payload: Uint8Array,
  limitBytes: number,
  contextTakeover: boolean,
): Failure {
  if (result.reason === "too-large") {
    return engineFailures.create("deflate-bomb", { compressedBytes: payload.length, limitBytes });
  }
  const [first, second] = payload;
  if (first === 0x1f && second === 0x8b) {
    return engineFailures.create("deflate-gzip-or-zlib-header", { format: "gzip" });
  }
  if (first === 0x78 && (second === 0x01 || second === 0x5e || second === 0x9c || second === 0xda)) {
    return engineFailures.create("deflate-gzip-or-zlib-header", { format: "zlib" });
  }
  const refersTooFar = result.detail.includes("distance too far back");
  const cause = contextTakeover ? "deflate-window-exceeded" : "deflate-context-mismatch";
  return engineFailures.create("deflate-data-corrupt", {
    detail: result.detail,
    hint: refersTooFar ? cause : undefined,
  });
}
