/** String literals with escapes, as PHP, Python, JavaScript, C and shells write bytes: `"\x81\x05Hello"`. */
import type { ReadText } from "./byte-text.ts";

const onlyHexEscapes = /^(?:\\x[\da-f]{2}|[\s,])*$/i;
const escape = /\\(?:x([\da-f]{1,2})|u\{([\da-f]{1,6})\}|u([\da-f]{4})|([0-7]{1,3})|([nrtvefab\\"'$]))/iy;

const controls: Readonly<Record<string, number>> = {
  n: 0x0a,
  r: 0x0d,
  t: 0x09,
  v: 0x0b,
  e: 0x1b,
  f: 0x0c,
  a: 0x07,
  b: 0x08,
};

/** Characters that are not escaped stand for their UTF-8; between bare `\x` escapes white space stands for nothing. */
export function readEscapes(text: string): ReadText {
  const { start, end, isQuoted } = findBody(text);
  const body = text.slice(start, end);
  const source = !isQuoted && onlyHexEscapes.test(body) ? body.replaceAll(/[\s,]/g, "") : body;
  const parts: Uint8Array[] = [];
  let at = 0;
  while (at < source.length) {
    const next = source.indexOf("\\", at);
    const literalEnd = next < 0 ? source.length : next;
    if (literalEnd > at) parts.push(Buffer.from(source.slice(at, literalEnd), "utf8"));
    if (next < 0) break;
    escape.lastIndex = next;
    const found = escape.exec(source);
    const bytes = found === null ? undefined : toBytes(found);
    if (found === null || bytes === undefined) {
      return { problem: "an escape that does not exist", position: start + next };
    }
    parts.push(bytes);
    at = next + found[0].length;
  }
  return { bytes: Uint8Array.from(Buffer.concat(parts)) };
}

/** Where the literal's contents lie: between its quotes, or all but the white space around it. */
function findBody(text: string): { start: number; end: number; isQuoted: boolean } {
  let start = 0;
  let end = text.length;
  while (start < end && /\s/.test(text[start]!)) start += 1;
  while (end > start && /[\s;,]/.test(text[end - 1]!)) end -= 1;
  const open = /[bB$]/.test(text[start]!) ? start + 1 : start;
  const quote = text[open];
  if ((quote === '"' || quote === "'") && end - 1 > open && text[end - 1] === quote) {
    return { start: open + 1, end: end - 1, isQuoted: true };
  }
  return { start, end, isQuoted: false };
}

function toBytes([, hex, longUnicode, unicode, octal, letter = ""]: RegExpExecArray): Uint8Array | undefined {
  if (hex !== undefined) return Uint8Array.of(Number.parseInt(hex, 16));
  if (octal !== undefined) return Uint8Array.of(Number.parseInt(octal, 8) & 0xff);
  const point = longUnicode ?? unicode;
  if (point === undefined) return Uint8Array.of(controls[letter] ?? letter.charCodeAt(0));
  const code = Number.parseInt(point, 16);
  return code > 0x10ffff ? undefined : Buffer.from(String.fromCodePoint(code), "utf8");
}
