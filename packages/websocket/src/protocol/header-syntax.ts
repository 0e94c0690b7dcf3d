/**
 * The grammar inside header values (RFC 9110 §5.6, RFC 6455 §9.1): tokens, comma-separated lists, and extension lists
 * with their parameters. Text in, values or the problem in plain words out; used by both sides of the handshake.
 */

/** A parsed value, or what is wrong with the text: a clause without a full stop, quoting nothing from the wire. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: string };

/** One `name`, `name=value` or `name="value"`; `value` is undefined for a bare name. */
export interface ExtensionParameter {
  readonly name: string;
  readonly value: string | undefined;
}

/** One member of Sec-WebSocket-Extensions, an offer in a request and an acceptance in a response. */
export interface ExtensionOffer {
  readonly name: string;
  /** In order of appearance; repeated names are kept, since only the extension can judge them. */
  readonly parameters: readonly ExtensionParameter[];
}

const maxListBytes = 4096;
const maxSubprotocols = 64;
const maxExtensions = 32;

const wholeToken = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const nextToken = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const nextQuoted = /"((?:[\t\x20\x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*)"/y;
const nextSpace = /[ \t]*/y;
const nextComma = /,/y;
const nextSemicolon = /;/y;
const nextEquals = /=/y;

/** Whether `text` is a token (RFC 9110 §5.6.2). */
export function isToken(text: string): boolean {
  return wholeToken.test(text);
}

/** Removes optional white space, space and tab only, from both ends. Linear, unlike a regular expression for the end. */
export function trimOptionalSpace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** Splits a list at its commas into trimmed members; empty members, which RFC 9110 §5.6.1 allows, are dropped. */
export function splitList(text: string): string[] {
  return text.split(",").map(trimOptionalSpace).filter(Boolean);
}

/** Whether a list contains `token`, given in lower case, in any letter case. */
export function listContains(text: string, token: string): boolean {
  if (text.toLowerCase() === token) return true;
  return splitList(text).some((member) => member.toLowerCase() === token);
}

/** Parses a non-empty list of tokens (Sec-WebSocket-Protocol, RFC 6455 §11.3.4). Repetitions are left to the caller. */
export function parseTokenList(text: string): Parsed<string[]> {
  if (text.length > maxListBytes) return problem(`it has more than ${maxListBytes} bytes`);
  const members = text.split(",").map(trimOptionalSpace);
  if (members.length > maxSubprotocols) return problem(`it has more than ${maxSubprotocols} members`);
  for (const [index, member] of members.entries()) {
    if (member === "") return problem(`member ${index + 1} is empty`);
    if (!isToken(member))
      return problem(`member ${index + 1} contains a character that tokens must not have`);
  }
  return { ok: true, value: members };
}

/** Parses Sec-WebSocket-Extensions (RFC 6455 §9.1, with the white space between tokens that §4.3 implies). */
export function parseExtensionList(text: string): Parsed<ExtensionOffer[]> {
  if (text.length > maxListBytes) return problem(`it has more than ${maxListBytes} bytes`);
  const scanner = new Scanner(text);
  const extensions: ExtensionOffer[] = [];
  do {
    if (extensions.length === maxExtensions) return problem(`it has more than ${maxExtensions} members`);
    const name = scanner.take(nextToken);
    if (name === undefined) return problem(`an extension name is expected at position ${scanner.position}`);
    const parameters: ExtensionParameter[] = [];
    while (scanner.take(nextSemicolon) !== undefined) {
      const parameter = readParameter(scanner);
      if (!parameter.ok) return parameter;
      parameters.push(parameter.value);
    }
    extensions.push({ name, parameters });
  } while (scanner.take(nextComma) !== undefined);
  if (!scanner.isAtEnd) return problem(`there is something unexpected at position ${scanner.position}`);
  return { ok: true, value: extensions };
}

function readParameter(scanner: Scanner): Parsed<ExtensionParameter> {
  const name = scanner.take(nextToken);
  if (name === undefined) return problem(`a parameter name is expected at position ${scanner.position}`);
  if (scanner.take(nextEquals) === undefined) return { ok: true, value: { name, value: undefined } };
  const token = scanner.take(nextToken);
  if (token !== undefined) return { ok: true, value: { name, value: token } };
  const quoted = scanner.take(nextQuoted);
  if (quoted === undefined) return problem(`a parameter value is expected at position ${scanner.position}`);
  const value = quoted.replaceAll(/\\(.)/g, "$1");
  // RFC 6455 §9.1: after unescaping, a quoted value must be a token as well.
  if (!isToken(value))
    return problem(`the quoted value that ends at position ${scanner.position} is not a token`);
  return { ok: true, value: { name, value } };
}

function problem(text: string): { readonly ok: false; readonly problem: string } {
  return { ok: false, problem: text };
}

/** Reads one element after the other, skipping the white space around them. */
class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#skipSpace();
  }

  /** Counted from 1, for people. */
  get position(): number {
    return this.#at + 1;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#text.length;
  }

  /** Takes what the sticky `pattern` matches here: its first group if it has one, otherwise all of it. */
  take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.#at = pattern.lastIndex;
    this.#skipSpace();
    return match[1] ?? match[0];
  }

  #skipSpace(): void {
    nextSpace.lastIndex = this.#at;
    nextSpace.exec(this.#text);
    this.#at = nextSpace.lastIndex;
  }
}
