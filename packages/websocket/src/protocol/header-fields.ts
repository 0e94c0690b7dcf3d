/**
 * Header lines as a value: read from Node's alternating name/value list with duplicates kept, and written as text.
 * Both sides of the handshake look headers up here and build their heads here.
 */
import { isToken, trimOptionalSpace } from "./header-syntax.ts";

/** One header line to be sent. */
export type HeaderLine = readonly [name: string, value: string];

/**
 * Header lines by name, in any letter case, with every occurrence. Nothing is indexed: a handshake looks a dozen names up,
 * and nearly every line is passed over by the length of its name.
 */
export class HeaderFields {
  readonly #rawHeaders: readonly string[];

  /** `rawHeaders` alternates names and values, as in Node's `IncomingMessage.rawHeaders`. */
  constructor(rawHeaders: readonly string[]) {
    this.#rawHeaders = rawHeaders;
  }

  has(name: string): boolean {
    return this.#find(name.toLowerCase(), 0) >= 0;
  }

  /** The trimmed value of every occurrence, in order. */
  all(name: string): readonly string[] {
    const lowerCase = name.toLowerCase();
    const values: string[] = [];
    for (let at = this.#find(lowerCase, 0); at >= 0; at = this.#find(lowerCase, at + 2)) {
      values.push(this.#valueAt(at));
    }
    return values;
  }

  /** All occurrences as one value (RFC 9110 §5.3), cookies joined by `; `; undefined if there is none. */
  get(name: string): string | undefined {
    const lowerCase = name.toLowerCase();
    const first = this.#find(lowerCase, 0);
    if (first < 0) return undefined;
    if (this.#find(lowerCase, first + 2) < 0) return this.#valueAt(first);
    return this.all(name).join(lowerCase === "cookie" ? "; " : ", ");
  }

  /** Where the next line of this name begins, from a line on; -1 if there is none. */
  #find(lowerCase: string, from: number): number {
    for (let at = from; at + 1 < this.#rawHeaders.length; at += 2) {
      const name = this.#rawHeaders[at]!;
      if (name.length === lowerCase.length && name.toLowerCase() === lowerCase) return at;
    }
    return -1;
  }

  #valueAt(at: number): string {
    return trimOptionalSpace(this.#rawHeaders[at + 1]!);
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
