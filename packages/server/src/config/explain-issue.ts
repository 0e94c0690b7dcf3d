/** Turns what the schema found wrong into named failures, with the origin of the value and without any secret. */

import type { Failure } from "@antiphon/websocket";
import type { z } from "zod";
import { configFailures } from "../failures/config-failures.ts";
import { formatEnvName, formatPath } from "./describe-config.ts";
import type { LayeredSettings } from "./layered-settings.ts";
import { findNearestName } from "./nearest-name.ts";
import { findSettingAround, findSettingByPath, type SettingPath, settings } from "./setting-index.ts";

type Issue = z.core.$ZodIssue;

const maxShownLength = 80;

/** Whether a value at a path may hold a secret: a secret itself, or anything that secrets are inside of. */
function mayHoldSecret(path: SettingPath): boolean {
  const around = findSettingAround(path);
  if (around !== undefined && (around.secret || around.kind === "json")) return true;
  const pattern = path.map((segment) => (typeof segment === "number" ? "*" : segment));
  return settings.some(
    (setting) => setting.secret && pattern.every((part, at) => setting.segments[at] === part),
  );
}

function formatValue(value: unknown, path: SettingPath): string {
  if (mayHoldSecret(path)) return "a hidden value";
  const text = JSON.stringify(value) ?? String(value);
  return text.length > maxShownLength ? `${text.slice(0, maxShownLength)}…` : text;
}

function describeExpectation(issue: Issue, path: SettingPath): string {
  const setting = findSettingByPath(path);
  if (issue.code === "custom" || issue.code === "invalid_format") return issue.message;
  if (issue.code === "too_small" && issue.origin === "string") return "text that is not empty";
  if (issue.code === "too_small" && issue.origin === "array") return "a list that is not empty";
  if (issue.code === "invalid_value") return `one of ${issue.values.map(String).join(", ")}`;
  return setting?.type ?? findSettingAround(path)?.type ?? issue.message;
}

function findNearestSetting(path: SettingPath): string | undefined {
  const parent = path.slice(0, -1);
  const key = String(path.at(-1)).replaceAll("_", "");
  const pattern = parent.map((segment) => (typeof segment === "number" ? "*" : segment));
  const below = settings.filter((setting) => pattern.every((part, at) => setting.segments[at] === part));
  const siblings = new Set(below.map((setting) => setting.segments[parent.length] ?? "*"));
  siblings.delete("*");
  const sibling = findNearestName(key, siblings);
  if (sibling !== undefined) return formatPath([...parent, sibling]);
  // Right name, wrong place: deeper in the same section, or in another one.
  for (const candidates of [below, settings]) {
    const name = findNearestName(
      key,
      candidates.map((setting) => setting.segments.at(-1) ?? ""),
    );
    const nearest = candidates.find((setting) => setting.segments.at(-1) === name);
    if (nearest !== undefined) return nearest.path;
  }
  return undefined;
}

function explainUnknownKeys(base: SettingPath, keys: readonly string[], layers: LayeredSettings): Failure[] {
  return keys.map((key) => {
    const path = [...base, key];
    return configFailures.create("config-key-unknown", {
      path: formatPath(path),
      origin: layers.findOrigin(path) ?? "unknown origin",
      nearest: findNearestSetting(path),
    });
  });
}

/** One failure per finding; several for one issue that lists several unknown keys. */
export function explainIssue(issue: Issue, layers: LayeredSettings): Failure[] {
  // The settings have no symbols for keys.
  const path = issue.path as SettingPath;
  if (issue.code === "unrecognized_keys") return explainUnknownKeys(path, issue.keys, layers);
  const value = layers.get(path);
  const expected = describeExpectation(issue, path);
  if (value === undefined) {
    const evidence = { path: formatPath(path), expected, env: formatEnvName(path) };
    return [configFailures.create("config-value-missing", evidence)];
  }
  return [
    configFailures.create("config-value-invalid", {
      path: formatPath(path),
      value: formatValue(value, path),
      origin: layers.findOrigin(path) ?? "unknown origin",
      expected,
    }),
  ];
}
