/** Whether a client would rather have a refusal explained in JSON than in plain text (Accept, RFC 9110 §12.5.1). */
import { splitList, trimOptionalSpace } from "./header-syntax.ts";

/** True only if `application/json` is strictly preferred; no header, `*` and a tie mean plain text. */
export function prefersJson(accept: string | undefined): boolean {
  if (accept === undefined) return false;
  const ranges = splitList(accept).map(readRange);
  return qualityOf("application", "json", ranges) > qualityOf("text", "plain", ranges);
}

interface MediaRange {
  readonly type: string;
  readonly quality: number;
}

function readRange(text: string): MediaRange {
  const [type = "", ...parameters] = text.toLowerCase().split(";").map(trimOptionalSpace);
  const quality = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
  return { type, quality: quality === undefined ? 1 : Number(quality) || 0 };
}

/** The quality of the most specific range that covers the type. */
function qualityOf(type: string, subtype: string, ranges: readonly MediaRange[]): number {
  for (const wanted of [`${type}/${subtype}`, `${type}/*`, "*/*"]) {
    const range = ranges.find((candidate) => candidate.type === wanted);
    if (range) return range.quality;
  }
  return 0;
}
