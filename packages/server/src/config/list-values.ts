/** Lists every value of parsed settings with its path, for printing and for origins. */

import { formatPath } from "./describe-config.ts";
import { maskValue } from "./mask-value.ts";
import { findSettingAround, type SettingPath } from "./setting-index.ts";

/** One value in force. */
export interface SettingValue {
  readonly path: SettingPath;
  /** The path as text: `apps[0].key`. */
  readonly name: string;
  readonly value: unknown;
  /** The value without what is secret about it. */
  readonly shown: unknown;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Goes through objects and lists of objects; other lists, and objects without keys, are values. */
export function* listValues(value: unknown, path: SettingPath = []): Generator<SettingValue> {
  if (Array.isArray(value) && value.length > 0 && value.every(isObject)) {
    for (const [index, item] of value.entries()) yield* listValues(item, [...path, index]);
    return;
  }
  if (isObject(value)) {
    for (const [key, child] of Object.entries(value)) yield* listValues(child, [...path, key]);
    return;
  }
  yield { path, name: formatPath(path), value, shown: maskValue(value, findSettingAround(path)) };
}
