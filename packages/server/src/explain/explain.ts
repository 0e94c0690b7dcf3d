/**
 * Explains whatever people have at hand: a failure name, a close code, an HTTP status, or the error text of some tool. All
 * sentences about failures come from the catalogues.
 */
import type { Failure } from "@antiphon/websocket";
import { findNearestName } from "../config/nearest-name.ts";
import { allFailures } from "../failures/all-failures.ts";
import { failureAliases } from "../failures/failure-aliases.ts";
import { toolFailures } from "../failures/tool-failures.ts";
import { type CloseCodeExplanation, explainCloseCode } from "./close-code.ts";
import { type FailureText, findFailureText, listFailureTexts } from "./failure-text.ts";
import { explainStatus, type StatusExplanation } from "./handshake-status.ts";
import {
  findCloseCodeInText,
  findNamesInText,
  findStatusInText,
  matchForeignMessages,
} from "./match-foreign-message.ts";

export interface NameExplanation {
  readonly kind: "failure";
  readonly failure: FailureText;
  /** What was asked for, where it is another name of the same. */
  readonly alias: string | undefined;
}

export interface MessageExplanation {
  readonly kind: "message";
  /** What was recognised, the most telling first. */
  readonly matches: readonly {
    readonly fragment: string;
    readonly tools: string;
    /** Most likely first. */
    readonly failures: readonly FailureText[];
  }[];
  /** Numbers worth explaining, too: a close code or a status. */
  readonly seeAlso: readonly number[];
}

export interface UnknownExplanation {
  readonly kind: "unknown";
  readonly failure: Failure;
  readonly nearest: readonly string[];
}

/** JSON-safe. */
export type Explanation =
  | NameExplanation
  | CloseCodeExplanation
  | StatusExplanation
  | MessageExplanation
  | UnknownExplanation;

/** Longer texts are logs; what matters in them is found all the same. */
const maxTextCharacters = 65_536;

/** Explains a text. Never throws. */
export function explain(asked: string): Explanation {
  const text = asked.slice(0, maxTextCharacters).trim();
  const name = text.toLowerCase();
  const failure = findFailureText(failureAliases.get(name) ?? name);
  if (failure) return { kind: "failure", failure, alias: failure.name === name ? undefined : name };
  if (/^\d{1,5}$/.test(text)) return explainNumber(Number(text)) ?? refuse(text);
  return explainMessage(text) ?? refuse(text);
}

function explainNumber(number: number): Explanation | undefined {
  if (number >= 100 && number <= 599) return explainStatus(number);
  return number <= 65_535 ? explainCloseCode(number) : undefined;
}

function explainMessage(
  text: string,
): MessageExplanation | StatusExplanation | CloseCodeExplanation | undefined {
  const named = findNamesInText(text);
  const matches = [
    ...named.map((name) => ({ fragment: name, tools: "Antiphon", failures: listFailureTexts([name]) })),
    ...matchForeignMessages(text).map(({ fragment, tools, names }) => ({
      fragment,
      tools,
      failures: listFailureTexts(names),
    })),
  ];
  const status = findStatusInText(text);
  const code = findCloseCodeInText(text);
  if (matches.length === 0) {
    if (status !== undefined) return explainStatus(status);
    return code === undefined ? undefined : explainCloseCode(code);
  }
  const tabled = matchForeignMessages(text).flatMap(({ seeAlso }) => seeAlso ?? []);
  const seeAlso = [...tabled, status, code].filter((number) => number !== undefined);
  return { kind: "message", matches, seeAlso: [...new Set(seeAlso)] };
}

function refuse(text: string): UnknownExplanation {
  const nearest = /\s/.test(text) ? [] : findNearestNames(text.toLowerCase());
  const failure = toolFailures.create("explain-text-unknown", { nearest: nearest.join(", ") });
  return { kind: "unknown", failure, nearest };
}

const maxNearest = 5;

/** Names that hold all words of what was asked, then names that are spelt nearly so. */
function findNearestNames(name: string): string[] {
  const words = name.split(/[^a-z0-9]+/).filter((word) => word !== "");
  const known = [...allFailures.keys(), ...failureAliases.keys()];
  const nearest = new Set(known.filter((candidate) => words.every((word) => candidate.includes(word))));
  if (words.length === 0) nearest.clear();
  for (;;) {
    if (nearest.size >= maxNearest) break;
    const next = findNearestName(
      name,
      known.filter((candidate) => !nearest.has(candidate)),
    );
    if (next === undefined) break;
    nearest.add(next);
  }
  return [...nearest].slice(0, maxNearest);
}
