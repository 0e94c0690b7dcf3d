/**
 * Header lines as a value: read from Node's alternating name/value list with duplicates kept, and written as text.
 * Both sides of the handshake look headers up here and build their heads here.
 */
import { isToken, trimOptionalSpace } from "./header-syntax.ts";

/** One header line to be sent. */
export type HeaderLine = readonly [name: string, value: string];

/** Header lines by name, in any letter case, with every occurrence. */
export class HeaderFields {
  readonly #valuesByName = new Map<string, string[]>();

  /** `rawHeaders` alternates names and values, as in Node's `IncomingMessage.rawHeaders`. */
  constructor(rawHeaders: readonly string[]) {
    for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
      const name = rawHeaders[index]!.toLowerCase();
      const value = trimOptionalSpace(rawHeaders[index + 1]!);
      const values = this.#valuesByName.get(name);
      if (values) values.push(value);
      else this.#valuesByName.set(name, [value]);
    }
  }

  has(name: string): boolean {
    return this.#valuesByName.has(name.toLowerCase());
  }

  /** The trimmed value of every occurrence, in order. */
  all(name: string): readonly string[] {
    return this.#valuesByName.get(name.toLowerCase()) ?? [];
  }

  /** All occurrences as one value (RFC 9110 §5.3), cookies joined by `; `; undefined if there is none. */
  get(name: string): string | undefined {
    const values = this.#valuesByName.get(name.toLowerCase());
    return values?.join(name.toLowerCase() === "cookie" ? "; " : ", ");
  }
}

/** Says why a header line cannot be sent, as a clause; undefined if it can. */
export function describeUnsendableHeader([name, value]: HeaderLine): string | undefined {
  if (!isToken(name)) return "its name is not a token";
  // Beyond ASCII the bytes would depend on the encoding of the write; CR, LF and NUL would start lines of their own.
  if (/[^\t\x20-\x7e]/.test(value)) return "its value contains something other than printable ASCII";
  return undefined;
}

/** Writes a whole head, with the empty line at its end. The lines must be sendable. */
export function formatHead(startLine: string, headers: readonly HeaderLine[]): string {
  let text = `${startLine}\r\n`;
  for (const [name, value] of headers) text += `${name}: ${value}\r\n`;
  return `${text}\r\n`;
}
