/**
 * Reads soketi's own configuration file, so that `--config` takes it as it is: options by their paths, nested or written
 * with dots, go in; settings of ours, and a warning for everything that has no equivalent, come out. What an option means
 * is said once, in the table of soketi's variables.
 */

import type { Failure } from "@antiphon/websocket";
import { configFailures } from "../failures/config-failures.ts";
import { normalizeAppSetting } from "./app-spellings.ts";
import { isUnset, toNumber } from "./convert-text.ts";
import type { Assignment, Environment } from "./environment.ts";
import {
  type EveryAppSetting,
  explainForeign,
  type ForeignMeaning,
  type ForeignReading,
  type ForeignSetting,
  isIgnored,
  isUnavailable,
  sets,
} from "./foreign-setting.ts";
import { findNearestName } from "./nearest-name.ts";
import { type SettingPath, settings } from "./setting-index.ts";
import { soketiTable } from "./soketi-environment.ts";
import { soketiOptionVariables } from "./soketi-options.ts";

type ConfigFile = Readonly<Record<string, unknown>>;

const megabytes = (text: string): unknown => {
  const size = toNumber(text);
  return typeof size === "number" ? Math.round(size * 1_048_576) : size;
};

const crossOrigin = isUnavailable(
  "cross-origin answers of the HTTP API",
  "the API answers backends, and only the health routes answer pages",
);

interface Option {
  readonly setting: ForeignSetting;
  /** The variable that means the same. */
  readonly variable?: string;
}

const withoutVariable: Readonly<Record<string, ForeignSetting>> = {
  "cors.credentials": crossOrigin,
  "cors.origin": crossOrigin,
  "cors.methods": crossOrigin,
  "cors.allowedHeaders": crossOrigin,
  "httpApi.requestLimitInMb": sets(["limits", "maxRequestBytes"], megabytes),
  "instance.process_id": isIgnored("a node takes a new name at every start"),
};

const appsOption = "appManager.array.apps";
const appOption = /^appManager\.array\.apps\.(\d{1,3})\.(\w+)$/;

/** By path. A map, since paths come from files: `__proto__` is an unknown option like any other. */
const options: ReadonlyMap<string, Option> = new Map([
  ...Object.entries(withoutVariable).map(([path, setting]): [string, Option] => [path, { setting }]),
  ...Object.entries(soketiOptionVariables).map(([path, variable]): [string, Option] => [
    path,
    { setting: settingOf(variable), variable },
  ]),
]);

const sections = new Set([appsOption, ...options.keys()].map(firstPart));
const ownSections = new Set(settings.map(({ segments }) => segments[0] ?? ""));

function settingOf(variable: string): ForeignSetting {
  const setting = soketiTable[variable];
  if (setting === undefined) throw new TypeError(`${variable} is not a variable of soketi`);
  return setting;
}

function firstPart(path: string): string {
  return path.split(".", 1)[0] ?? path;
}

/** Whether a file has soketi's layout: options that only soketi has, and no section that only Antiphon has. */
export function isSoketiConfig(file: ConfigFile): boolean {
  const names = Object.keys(file).map(firstPart);
  return (
    names.some((name) => sections.has(name) && !ownSections.has(name)) &&
    !names.some((name) => ownSections.has(name) && !sections.has(name))
  );
}

/** What a file in soketi's layout comes to; `origin` names it in warnings. */
export function readSoketiConfig(file: ConfigFile, origin: string): ForeignReading {
  const assignments: Assignment[] = [];
  const everyApp: EveryAppSetting[] = [];
  const warnings: Failure[] = [];
  const names: string[] = [];
  const env = readVariables(file);
  for (const [path, value] of listOptions(file)) {
    const name = `${path} (${origin})`;
    const app = appOption.exec(path);
    if (path === appsOption || app !== null) {
      const at: SettingPath = app === null ? ["apps"] : ["apps", Number(app[1]), app[2] ?? ""];
      assignments.push({ path: at, value: withoutUnknown(at, value, origin, warnings), name });
      continue;
    }
    const option = options.get(path);
    if (option === undefined) {
      warnings.push(explainUnknown(path, origin));
      continue;
    }
    const text = toText(value);
    if (isUnset(text)) continue;
    if (option.variable !== undefined) names.push(option.variable);
    for (const meaning of option.setting(text, env)) {
      if (meaning.kind === "set") assignments.push({ path: meaning.path, value: meaning.value, name });
      if (meaning.kind === "set-for-every-app")
        everyApp.push({ path: meaning.path, value: meaning.value, origin });
      const warning = explainOption(path, origin, meaning);
      if (warning !== undefined) warnings.push(warning);
    }
  }
  return { assignments, everyApp, warnings, names };
}

/** The options as the variables that mean the same, for those that only count together. */
function readVariables(file: ConfigFile): Environment {
  const variables: Record<string, string> = {};
  for (const [path, value] of listOptions(file)) {
    const variable = options.get(path)?.variable;
    if (variable !== undefined) variables[variable] = toText(value);
  }
  return variables;
}

/** Every option with its path in dots, whichever way it was written. Goes no deeper than an option that is known. */
function* listOptions(file: ConfigFile, parent = ""): Generator<[path: string, value: unknown]> {
  for (const [key, value] of Object.entries(file)) {
    const path = `${parent}${key}`;
    const isOption = path === appsOption || options.has(path);
    const isSection = typeof value === "object" && value !== null && !Array.isArray(value) && !isOption;
    // An object that is neither null nor a list has names for keys.
    if (isSection) yield* listOptions(value as ConfigFile, `${path}.`);
    else yield [path, value];
  }
}

/** soketi overlooks what it does not know in an app; a schema that is strict about our own files would refuse it. */
function withoutUnknown(at: SettingPath, value: unknown, origin: string, warnings: Failure[]): unknown {
  if (at.length === 3) return value;
  if (!Array.isArray(value)) return value;
  return value.map((app: unknown, index) => {
    if (typeof app !== "object" || app === null || Array.isArray(app)) return app;
    const known = Object.entries(app).filter(([key, setting]) => {
      if (isAppSetting(normalizeAppSetting(["apps", index, key], setting)?.path)) return true;
      warnings.push(explainUnknown(`${appsOption}.${index}.${key}`, origin));
      return false;
    });
    return Object.fromEntries(known);
  });
}

/** Whether the path is a setting, or leads to some. One that says nothing counts as known. */
function isAppSetting(path: SettingPath | undefined): boolean {
  if (path === undefined) return true;
  const pattern = path.map((segment) => (typeof segment === "number" ? "*" : segment));
  return settings.some(({ segments }) => pattern.every((part, depth) => segments[depth] === part));
}

function explainOption(path: string, origin: string, meaning: ForeignMeaning): Failure | undefined {
  return meaning.kind === "ignored"
    ? configFailures.create("config-option-ignored", { path, origin, reason: meaning.reason })
    : explainForeign(`${path} (${origin})`, meaning);
}

function explainUnknown(path: string, origin: string): Failure {
  const nearest = findNearestName(path, options.keys());
  return configFailures.create("config-option-unknown", { path, origin, nearest });
}

function toText(value: unknown): string {
  if (typeof value === "string") return value;
  return value === null || value === undefined ? "" : JSON.stringify(value);
}
