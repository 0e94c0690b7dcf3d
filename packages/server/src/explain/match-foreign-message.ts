/** Finds what a pasted error text means: the tables of other tools' texts by fragment, and the names of our own. */
import { allFailures } from "../failures/all-failures.ts";
import type { ForeignMessage } from "./foreign-message.ts";
import { foreignConnectionMessages } from "./foreign-connection-messages.ts";
import { foreignFrameMessages } from "./foreign-frame-messages.ts";
import { foreignHandshakeMessages } from "./foreign-handshake-messages.ts";

/** All tables. */
export const foreignMessages: readonly ForeignMessage[] = [
  ...foreignFrameMessages,
  ...foreignHandshakeMessages,
  ...foreignConnectionMessages,
];

/** A text that was recognised. */
export interface MatchedMessage {
  readonly fragment: string;
  readonly tools: string;
  /** Most likely first. */
  readonly names: readonly string[];
  readonly seeAlso?: number;
}

/** The matches, the longest fragment first: it says the most. */
export function matchForeignMessages(text: string): MatchedMessage[] {
  const wanted = simplify(text);
  const matches = foreignMessages.flatMap(({ fragments, ...message }) => {
    const found = fragments.filter((fragment) => wanted.includes(simplify(fragment)));
    const longest = found.toSorted((a, b) => b.length - a.length)[0];
    return longest === undefined ? [] : [{ fragment: longest, ...message }];
  });
  return matches.toSorted((a, b) => b.fragment.length - a.fragment.length);
}

/** Names of the catalogue that a text contains, as close reasons and logs of this server do. */
export function findNamesInText(text: string): string[] {
  const words = text.toLowerCase().split(/[^a-z0-9-]/);
  return [...new Set(words)].filter((word) => allFailures.has(word));
}

/** The status that a client complains of, as in `Unexpected response code: 404`. */
export function findStatusInText(text: string): number | undefined {
  const match =
    /(?:unexpected (?:server )?response(?: code| status)?|rejected.*HTTP|status(?: code)?)\D{0,12}\b([1-5]\d\d)\b/i.exec(
      text,
    );
  return match?.[1] === undefined ? undefined : Number(match[1]);
}

/** The close code that a text speaks of, as in `closed with code 1006`. */
export function findCloseCodeInText(text: string): number | undefined {
  const match = /\b(?:close[ds]?|code)\b\D{0,24}\b([1-4]\d{3})\b|\b([1-4]\d{3})\b\D{0,12}\bclos/i.exec(text);
  const digits = match?.[1] ?? match?.[2];
  return digits === undefined ? undefined : Number(digits);
}

/** Case, white space and the shape of quotes do not survive copying. */
function simplify(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[‘’‚`´]/g, "'")
    .replaceAll(/[“”„]/g, '"')
    .replaceAll(/\s+/g, " ");
}
