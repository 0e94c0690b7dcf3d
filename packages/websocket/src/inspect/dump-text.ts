/** The output of hexdump -C, xxd and od -t x1: an offset, hex columns, and text beside them that says nothing new. */
import type { ReadText } from "./byte-text.ts";

const maxBytes = 4 * 1024 * 1024;
const dumpLine = /^[ \t]*([\da-f]{6,8})(:?)(?:[ \t]+(.*))?$/i;
/** Two words of four digits behind an offset without a colon: plain hexdump and od -x, which swap every two bytes. */
const swappedLine = /^[ \t]*[\da-f]{7}[ \t]+[\da-f]{4}(?:[ \t]+[\da-f]{4})*[ \t]*$/im;

/** Whether the first line with anything on it is a line of a dump, and not plain hex that begins like one. */
export function startsDump(text: string): boolean {
  const line = text.split("\n").find((line) => line.trim() !== "") ?? "";
  return (
    /^[ \t]*[\da-f]{8}(?:: | {2}[\da-f]{2}(?: |$))/i.test(line.trimEnd()) ||
    // od and plain hexdump, from the start only.
    /^[ \t]*0{6,7} +(?:[\da-f]{2}|[\da-f]{4})(?: |$)/i.test(line.trimEnd())
  );
}

export function readDump(text: string): ReadText {
  if (swappedLine.test(text)) {
    return { problem: "this dump swaps every two bytes, use hexdump -C, xxd or od -t x1", position: 0 };
  }
  const bytes: number[] = [];
  let firstOffset: number | undefined;
  let last: Uint8Array = new Uint8Array(0);
  let isRepeating = false;
  let position = 0;
  for (const line of text.split("\n")) {
    const match = dumpLine.exec(line.trimEnd());
    if (line.trim() === "*") isRepeating = true;
    else if (match === null && line.trim() !== "")
      return { problem: "a line that is not of the dump", position };
    else if (match !== null) {
      const offset = readOffset(match[1]!);
      firstOffset ??= offset;
      const expected = offset - firstOffset;
      if (expected > maxBytes) return { problem: `more than ${maxBytes} bytes`, position };
      if (isRepeating && last.length > 0) while (bytes.length < expected) append(bytes, last);
      isRepeating = false;
      if (expected !== bytes.length) {
        return { problem: `${bytes.length} bytes came before, but the offset says ${expected}`, position };
      }
      last = readColumns(match[3] ?? "", match[2] === ":");
      append(bytes, last);
    }
    position += line.length + 1;
  }
  return { bytes: Uint8Array.from(bytes) };
}

/** Seven digits are od's, in octal. */
function readOffset(digits: string): number {
  return Number.parseInt(digits, digits.length === 7 ? 8 : 16);
}

/** The hex of a line. hexdump puts its text between bars; xxd, whose columns stand one space apart, behind two spaces. */
function readColumns(rest: string, hasColon: boolean): Uint8Array {
  const columns = hasColon ? rest.split(/ {2}/, 1)[0]! : rest.split("|", 1)[0]!;
  return Buffer.from(columns.replaceAll(/\s/g, ""), "hex");
}

/** A spread would take every byte as an argument. */
export function append(bytes: number[], more: Uint8Array): void {
  for (const byte of more) bytes.push(byte);
}
