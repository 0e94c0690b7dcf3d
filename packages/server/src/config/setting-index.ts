/** Finds settings of the schema by path, environment name or flag. Built once; read by every source. */

import { describeConfig, type SettingDescription } from "./describe-config.ts";
import { configSchema } from "./schema.ts";

/** A place in the settings: object keys, and numbers for the items of a list. */
export type SettingPath = readonly (string | number)[];

/** Every setting, in the order of the schema. */
export const settings: readonly SettingDescription[] = describeConfig(configSchema);

/** The settings that have a flag. */
export const flagSettings: readonly (SettingDescription & { readonly flag: string })[] = settings.filter(
  (setting): setting is SettingDescription & { readonly flag: string } => setting.flag !== undefined,
);

const byPattern = new Map(settings.map((setting) => [setting.segments.join("."), setting]));
const byFlag = new Map(flagSettings.map((setting) => [setting.flag, setting]));
const byEnvPattern = new Map(
  settings.map((setting) => [
    setting.segments.includes("*") ? setting.env.replace(/_0(?=_|$)/g, "_*") : setting.env,
    setting,
  ]),
);

/** The setting at a path, whatever the indexes. */
export function findSettingByPath(path: SettingPath): SettingDescription | undefined {
  return byPattern.get(path.map((segment) => (typeof segment === "number" ? "*" : segment)).join("."));
}

/** The setting at a path or the nearest one above it: the row of `headers` for one header. */
export function findSettingAround(path: SettingPath): SettingDescription | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const setting = findSettingByPath(path.slice(0, length));
    if (setting !== undefined) return setting;
  }
  return undefined;
}

/** The setting of a flag such as `--port`. */
export function findSettingByFlag(flag: string): SettingDescription | undefined {
  return byFlag.get(flag);
}

/** The setting and the path that an `ANTIPHON_…` name means; list indexes have at most three digits. */
export function findSettingByEnv(
  name: string,
): { setting: SettingDescription; path: SettingPath } | undefined {
  const indexes: number[] = [];
  const pattern = name.replace(/_(\d{1,3})(?=_|$)/g, (_, digits: string) => {
    indexes.push(Number(digits));
    return "_*";
  });
  const setting = byEnvPattern.get(pattern);
  if (setting === undefined) return undefined;
  let next = 0;
  const path = setting.segments.map((segment) => {
    if (segment !== "*") return segment;
    const index = indexes[next] ?? 0;
    next += 1;
    return index;
  });
  return { setting, path };
}
