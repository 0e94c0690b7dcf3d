/**
 * What the variable of another server means here. The tables for Reverb and soketi are made of these; `readForeign`
 * applies one table to the environment.
 */

import type { Failure } from "@antiphon/websocket";
import { configFailures } from "../failures/config-failures.ts";
import { isUnset } from "./convert-text.ts";
import type { Assignment, Environment, SourceReading } from "./environment.ts";
import { findNearestName } from "./nearest-name.ts";
import type { SettingPath } from "./setting-index.ts";

/** What one variable comes to. */
export type ForeignMeaning =
  | { readonly kind: "set"; readonly path: SettingPath; readonly value: unknown }
  /** For every app, also those of the file. */
  | { readonly kind: "set-for-every-app"; readonly path: readonly string[]; readonly value: unknown }
  | { readonly kind: "adjusted"; readonly reason: string }
  | { readonly kind: "ignored"; readonly reason: string }
  | { readonly kind: "unavailable"; readonly feature: string; readonly effect: string }
  /** Says what is so anyway. */
  | { readonly kind: "redundant" };

/** Reads one variable; `env` is for variables that only count together. */
export type ForeignSetting = (text: string, env: Environment) => readonly ForeignMeaning[];

/** The variables of one server by full name. */
export type ForeignTable = Readonly<Record<string, ForeignSetting>>;

type Convert = (text: string) => unknown;

const asText: Convert = (text) => text;

/** Sets the setting at a path. */
export function sets(path: SettingPath, convert: Convert = asText): ForeignSetting {
  return (text) => [{ kind: "set", path, value: convert(text) }];
}

/** Sets a setting of every app; the path starts inside the app. */
export function setsForEveryApp(path: readonly string[], convert: Convert = asText): ForeignSetting {
  return (text) => [{ kind: "set-for-every-app", path, value: convert(text) }];
}

/** Known, and without effect for a reason. */
export function isIgnored(reason: string): ForeignSetting {
  return () => [{ kind: "ignored", reason }];
}

/** Asks for something this version does not have, unless the value is one of those that do not. */
export function isUnavailable(
  feature: string,
  effect: string,
  unless: readonly string[] = [],
): ForeignSetting {
  return (text) => [
    unless.includes(text.trim().toLowerCase())
      ? { kind: "redundant" }
      : { kind: "unavailable", feature, effect },
  ];
}

/** The table with this in front of every name. */
export function withPrefix(prefix: string, table: ForeignTable): ForeignTable {
  return Object.fromEntries(Object.entries(table).map(([name, setting]) => [`${prefix}${name}`, setting]));
}

/** One meaning for several names, which stand apart by white space. */
export function all(names: string, setting: ForeignSetting): ForeignTable {
  return Object.fromEntries(names.split(/\s+/).map((name) => [name, setting]));
}

/** A setting that every app gets, unless a stronger source gives the app its own. */
export interface EveryAppSetting {
  /** Starts inside the app. */
  readonly path: readonly string[];
  readonly value: unknown;
  readonly origin: string;
}

/** Says where a value of this name came from: `env REVERB_APP_KEY`. */
export type NameOrigin = (name: string) => string;

/** What a table makes of the environment. */
export interface ForeignReading extends SourceReading {
  readonly everyApp: readonly EveryAppSetting[];
  /** Names of the table that are set. */
  readonly names: readonly string[];
}

/** The warning about a variable that does not do what it did elsewhere, if it deserves one. */
export function explainForeign(name: string, meaning: ForeignMeaning): Failure | undefined {
  switch (meaning.kind) {
    case "adjusted":
      return configFailures.create("config-value-adjusted", { name, reason: meaning.reason });
    case "ignored":
      return configFailures.create("config-env-ignored", { name, reason: meaning.reason });
    case "unavailable":
      return configFailures.create("config-feature-unavailable", {
        name,
        feature: meaning.feature,
        effect: meaning.effect,
      });
    default:
      return undefined;
  }
}

/** Compares without the prefix, which is right anyway. */
function findNearestVariable(name: string, prefix: string, table: ForeignTable): string | undefined {
  const known = Object.keys(table).filter((other) => other.startsWith(prefix));
  const nearest = findNearestName(
    name.slice(prefix.length),
    known.map((other) => other.slice(prefix.length)),
  );
  return nearest === undefined ? undefined : `${prefix}${nearest}`;
}

/** Applies a table; a name with the prefix that is not in it gives a warning. */
export function readForeign(
  env: Environment,
  prefix: string,
  table: ForeignTable,
  originOf: NameOrigin,
): ForeignReading {
  const assignments: Assignment[] = [];
  const everyApp: EveryAppSetting[] = [];
  const warnings: Failure[] = [];
  const names: string[] = [];
  for (const [name, text] of Object.entries(env)) {
    if (text === undefined) continue;
    const setting = Object.hasOwn(table, name) ? table[name] : undefined;
    if (setting === undefined) {
      if (!name.startsWith(prefix)) continue;
      const nearest = findNearestVariable(name, prefix, table);
      warnings.push(configFailures.create("config-env-unknown", { name, nearest }));
      continue;
    }
    if (isUnset(text)) continue;
    names.push(name);
    for (const meaning of setting(text, env)) {
      if (meaning.kind === "set") assignments.push({ path: meaning.path, value: meaning.value, name });
      if (meaning.kind === "set-for-every-app")
        everyApp.push({ path: meaning.path, value: meaning.value, origin: originOf(name) });
      const failure = explainForeign(name, meaning);
      if (failure !== undefined) warnings.push(failure);
    }
  }
  return { assignments, everyApp, warnings, names };
}
