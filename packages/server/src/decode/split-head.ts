/** Takes the HTTP head off the bytes of one side. */
import type { Role } from "@antiphon/websocket";

export interface SplitHead {
  /** The head with its empty line, one character for each byte. */
  readonly text: string;
  readonly lines: readonly string[];
  /** Where what follows begins. */
  readonly end: number;
}

/** Heads are far smaller; more is not looked through. */
const maxHeadBytes = 65_536;
const firstLines: Readonly<Record<Role, RegExp>> = {
  client: /^[A-Z]{3,7} \S+ HTTP\/\d\.\d\r?\n/,
  server: /^HTTP\/\d\.\d \d{3}[^\r\n]*\r?\n/,
};

/** `undefined` if the bytes do not begin with the first line of a request, or of a response. */
export function splitHead(bytes: Uint8Array, sender: Role): SplitHead | undefined {
  const text = Buffer.from(bytes.subarray(0, maxHeadBytes)).toString("latin1");
  if (!firstLines[sender].test(text)) return undefined;
  const border = /\r?\n\r?\n/.exec(text);
  const end = border ? border.index + border[0].length : text.length;
  return { text: text.slice(0, end), lines: text.slice(0, border?.index).split(/\r?\n/), end };
}

/** The status of a response's head. */
export function readStatus({ lines }: SplitHead): number {
  return Number(lines[0]?.split(" ")[1]);
}

/** The first header with this name in a head. */
export function readHeader({ lines }: SplitHead, name: string): string | undefined {
  const prefix = `${name.toLowerCase()}:`;
  return lines
    .find((line) => line.toLowerCase().startsWith(prefix))
    ?.slice(prefix.length)
    .trim();
}
