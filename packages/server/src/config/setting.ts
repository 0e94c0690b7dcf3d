/**
 * The building blocks of the configuration schema: small zod schemas with the meta data that documentation, masking and
 * profile defaults are derived from. Used by the sections only.
 */

import { z } from "zod";
import type { ResponseProfile } from "../apps/app.ts";

/** What a setting says about itself besides its type and default; travels as zod meta data into the JSON Schema. */
export interface SettingMeta {
  readonly description: string;
  /** JSON Schema's keyword for values that must not be shown again: masked wherever settings are printed. */
  readonly writeOnly?: boolean;
  /** Of such a value, only the user and password inside a URL are masked; the address is shown. */
  readonly holdsCredentials?: boolean;
  /** Defaults that differ where an app follows the habits of a peer. */
  readonly profileDefaults?: Partial<Record<ResponseProfile, string | number | boolean>>;
}

/** A whole number from `min` to `max`. */
export function integer(fallback: number, min: number, meta: SettingMeta, max = Number.MAX_SAFE_INTEGER) {
  return z
    .int()
    .min(min)
    .max(max)
    .default(fallback)
    .meta({ ...meta });
}

/** A whole number from `min` to `max`, or the word by which the server chooses one. */
export function integerOrAuto(fallback: number, min: number, max: number, meta: SettingMeta) {
  return z
    .union([z.int().min(min).max(max), z.literal("auto")])
    .default(fallback)
    .meta({ ...meta });
}

/** A count where -1 means unlimited. */
export function countOrUnlimited(fallback: number, meta: SettingMeta) {
  return integer(fallback, -1, { ...meta, description: `${meta.description} -1 is unlimited.` });
}

/** True or false. */
export function flag(fallback: boolean, meta: SettingMeta) {
  return z
    .boolean()
    .default(fallback)
    .meta({ ...meta });
}

/** One of a few words. */
export function choice<const Words extends readonly [string, ...string[]]>(
  words: Words,
  fallback: Words[number],
  meta: SettingMeta,
) {
  // zod types the default of an enum by its own literal union, which is `Words[number]`.
  return z
    .enum(words)
    .default(fallback as never)
    .meta({ ...meta });
}

/** Text that is not empty and has no default. */
export function requiredText(meta: SettingMeta) {
  return z
    .string()
    .min(1)
    .meta({ ...meta });
}

/** Text that may be left out. */
export function optionalText(meta: SettingMeta) {
  return z
    .string()
    .min(1)
    .exactOptional()
    .meta({ ...meta });
}
