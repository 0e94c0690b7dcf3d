/** Hex in the spellings of other tools (`81 82`, `8182`, `0x81, 0x82`, `81:82`, `81-82`, `<Buffer 81 82>`), and base64. */
import type { ReadText } from "./byte-text.ts";

const separators = /(?:[\s,:;.[\](){}"']|<Buffer|[<>]|-(?=[\s\da-f]))+/iy;
const digits = /(0x|%)?([\da-f]+)/iy;

export function readHex(text: string): ReadText {
  const bytes: number[] = [];
  let position = 0;
  for (;;) {
    separators.lastIndex = position;
    if (separators.test(text)) position = separators.lastIndex;
    if (position === text.length) break;
    digits.lastIndex = position;
    const match = digits.exec(text);
    if (match === null) return { problem: "this is neither hex nor base64", position };
    const [whole, prefix, found = ""] = match;
    // C programs print 0x5 for 05; without a prefix a single digit is a slip.
    const even = prefix !== undefined && found.length === 1 ? `0${found}` : found;
    if (even.length % 2 !== 0) return { problem: "an odd number of hex digits", position };
    for (const byte of Buffer.from(even, "hex")) bytes.push(byte);
    position += whole.length;
  }
  if (bytes.length === 0) return { problem: "there is no hex digit", position: 0 };
  return { bytes: Uint8Array.from(bytes) };
}

/** Standard and URL-safe, padded to whole groups of four; line breaks are allowed. `undefined` if it is not base64. */
export function readBase64(text: string): Uint8Array | undefined {
  const compact = text.replaceAll(/\s/g, "");
  if (compact.length % 4 !== 0 || !/^[\w+/-]+={0,2}$/.test(compact)) return undefined;
  return Uint8Array.from(Buffer.from(compact, "base64"));
}
