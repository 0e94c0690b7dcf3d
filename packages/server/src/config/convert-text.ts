/**
 * Turns text from the environment or a flag into the value that a setting wants. Text that does not convert stays text,
 * so that the schema reports it together with everything else.
 */

import type { SettingKind } from "./describe-config.ts";

const words: Readonly<Record<string, boolean>> = {
  true: true,
  false: false,
  "(true)": true,
  "(false)": false,
  on: true,
  off: false,
  yes: true,
  no: false,
  1: true,
  0: false,
};

/** Whether a variable counts as not set: empty, or one of Laravel's spellings of null and empty. */
export function isUnset(text: string): boolean {
  return ["", "null", "(null)", "(empty)"].includes(text.trim());
}

/** `true`, `on`, `yes`, `1` and their opposites; anything else is returned as it is. */
export function toBoolean(text: string): boolean | string {
  const word = text.trim().toLowerCase();
  return (Object.hasOwn(words, word) ? words[word] : undefined) ?? text;
}

/** Decimal numbers; anything else is returned as it is. */
export function toNumber(text: string): number | string {
  return /^[-+]?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : text;
}

/** JSON; anything else is returned as it is. */
export function toJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: the schema says what it wanted instead.
    return text;
  }
}

/** A JSON list, or items separated by commas. */
export function toTexts(text: string): unknown {
  if (text.trim().startsWith("[")) return toJson(text);
  return text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

/** Converts text to the kind of value a setting wants. */
export function convertText(text: string, kind: SettingKind): unknown {
  switch (kind) {
    case "number":
      return toNumber(text);
    case "boolean":
      return toBoolean(text);
    case "texts":
      return toTexts(text);
    case "json":
      return toJson(text);
    case "choice":
      return text.trim();
    default:
      return text;
  }
}
