/**
 * JSON of strangers. `JSON.parse` survives any nesting but `JSON.stringify` overflows the stack on deep values, so text
 * is refused by its depth before a value exists that could not be serialised again.
 */

/** Far above what people send, far below what overflows the stack (some thousands). */
export const maxJsonDepth = 256;

/** What {@link parseBoundedJson} answers. */
export type ParsedJson =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problem: "not-json" | "too-deep" };

/** Parses JSON text that nests at most {@link maxJsonDepth} deep. Never throws. */
export function parseBoundedJson(text: string): ParsedJson {
  if (isNestedDeeperThan(text, maxJsonDepth)) return { ok: false, problem: "too-deep" };
  try {
    const value: unknown = JSON.parse(text);
    return { ok: true, value };
  } catch {
    return { ok: false, problem: "not-json" };
  }
}

/** The JSON object of a text, or `undefined` if the text is anything else. */
export function parseJsonObject(text: string): JsonObject | undefined {
  const parsed = parseBoundedJson(text);
  return parsed.ok && isJsonObject(parsed.value) ? parsed.value : undefined;
}

/** A JSON object whose members are yet to be looked at. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a parsed value is an object: not null, not an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The JSON type of a value, for messages to people. */
export function jsonTypeOf(value: unknown): string {
  if (value === undefined) return "missing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

function isNestedDeeperThan(text: string, limit: number): boolean {
  // Each level takes an opening and a closing character: short texts need no scan.
  if (text.length <= 2 * limit) return false;
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index++) {
    const character = text.charCodeAt(index);
    if (inString) {
      if (character === 0x5c /* \ */) index++;
      else if (character === 0x22 /* " */) inString = false;
    } else if (character === 0x22) inString = true;
    else if (character === 0x7b /* { */ || character === 0x5b /* [ */) {
      if (++depth > limit) return true;
    } else if (character === 0x7d /* } */ || character === 0x5d /* ] */) depth--;
  }
  return false;
}
