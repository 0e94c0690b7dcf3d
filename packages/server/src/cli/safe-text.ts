/**
 * Bytes and text from the wire, made safe for a terminal and a log: one line, nothing that moves a cursor or turns text
 * around, and never longer than asked for. Called by everything of the tap that prints what a peer sent.
 */
import { isUtf8 } from "node:buffer";

/** C0 and C1 controls (CSI is one), line separators, and what changes the direction of text. */
const unsafe = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;
/** UTF-8 with these in it is binary data that happens to be UTF-8. */
const binaryMark = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/;

const shortEscapes: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** Escapes everything that is not to reach a terminal as it is. */
export function escapeUnsafe(text: string): string {
  return text.replaceAll(unsafe, (character) => {
    const code = character.charCodeAt(0);
    const short = shortEscapes[character];
    return short ?? (code < 0x100 ? `\\x${toHex(code, 2)}` : `\\u${toHex(code, 4)}`);
  });
}

/** Escaped and cut after so many characters, with `...` where something is missing. */
export function shortenText(text: string, maxCharacters: number): string {
  const cut = text.length > maxCharacters ? dropHalfPair(text.slice(0, maxCharacters)) : text;
  return `${escapeUnsafe(cut)}${cut.length < text.length ? "..." : ""}`;
}

/** Hex pairs separated by spaces, cut after so many bytes. */
export function shortenHex(bytes: Uint8Array, maxBytes: number): string {
  const pairs = Array.from(bytes.subarray(0, maxBytes), (byte) => toHex(byte, 2)).join(" ");
  return bytes.length > maxBytes ? `${pairs} ...` : pairs;
}

/**
 * The text that the bytes are, or `undefined` if they are binary. A character that is cut off at the end is dropped: the
 * bytes may be the start of more.
 */
export function decodeShown(bytes: Uint8Array): string | undefined {
  const whole = bytes.subarray(0, findLastBorder(bytes));
  if (!isUtf8(whole)) return undefined;
  const text = Buffer.from(whole.buffer, whole.byteOffset, whole.length).toString("utf8");
  return binaryMark.test(text) ? undefined : text;
}

/** Where the last character begins if it is unfinished, else the end. */
function findLastBorder(bytes: Uint8Array): number {
  const end = bytes.length;
  for (let back = 1; back <= Math.min(3, end); back += 1) {
    const byte = bytes[end - back]!;
    if (byte < 0x80) return end;
    if (byte < 0xc0) continue;
    const length = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    return length > back ? end - back : end;
  }
  return end;
}

function dropHalfPair(text: string): string {
  return /[\ud800-\udbff]$/.test(text) ? text.slice(0, -1) : text;
}

function toHex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}
