/**
 * Brings defaults, configuration file, environment and flags together, weakest first, and checks the result against the
 * schema. Called by every command that needs a configuration, and again on reload. Reports everything that is wrong at
 * once, and remembers of every value where it came from.
 */

import { readFile } from "node:fs/promises";
import type { Failure } from "@antiphon/websocket";
import type { App } from "../apps/app.ts";
import { applyEnvironment } from "./apply-environment.ts";
import { findClusterNotices, findClusterProblems, findUnusableBackends } from "./check-cluster-settings.ts";
import { findDuplicateApps, findUnreadableFiles, refuseDevelopmentApp } from "./check-settings.ts";
import { completeApps } from "./complete-apps.ts";
import { type FileAccess, readConfigFile, readEnvFile } from "./config-file.ts";
import { convertText } from "./convert-text.ts";
import { deriveLimits } from "./derive-limits.ts";
import type { Environment } from "./environment.ts";
import { explainIssue } from "./explain-issue.ts";
import type { ForeignReading } from "./foreign-setting.ts";
import { leaveOutLambdaWebhooks } from "./lambda-webhooks.ts";
import { LayeredSettings } from "./layered-settings.ts";
import { listValues } from "./list-values.ts";
import { applyPeerDefaults, findPeerDifferences, recognizePeer } from "./peer-server.ts";
import { configSchema, type Settings } from "./schema.ts";
import { findSettingByFlag } from "./setting-index.ts";
import { isSoketiConfig, readSoketiConfig } from "./soketi-config-file.ts";

/** A configuration in force. */
export interface Config extends Readonly<Omit<Settings, "apps">> {
  readonly apps: readonly App[];
  /** No app is configured: `apps` holds the built-in one, whose secret is public. */
  readonly developmentApp: boolean;
}

/** Where settings come from. */
export interface ConfigSources {
  /** Values by flag, for example `{ "--port": "6001" }`. */
  readonly flags?: Readonly<Record<string, string>>;
  /** Path of a configuration file. */
  readonly configFile?: string;
  /** Path of a `.env` file; its variables are weaker than those of `env`. */
  readonly envFile?: string;
  readonly env: Environment;
  readonly files?: Partial<FileAccess>;
}

/** A configuration, or everything that is wrong with it. */
export type ConfigResult =
  | {
      readonly ok: true;
      readonly config: Config;
      /** Origin by path, of every value: `flag --port`, `env REVERB_SERVER_PORT`, `file antiphon.json`, `default`. */
      readonly origins: ReadonlyMap<string, string>;
      readonly warnings: readonly Failure[];
    }
  | { readonly ok: false; readonly problems: readonly Failure[]; readonly warnings: readonly Failure[] };

function applyFlags(layers: LayeredSettings, flags: Readonly<Record<string, string>>): void {
  for (const [flag, text] of Object.entries(flags)) {
    const setting = findSettingByFlag(flag);
    if (setting === undefined) throw new TypeError(`${flag} is not the flag of a setting`);
    layers.set(setting.segments, convertText(text, setting.kind), `flag ${flag}`);
  }
}

/** Takes the file over, in our own layout or in soketi's; what the latter came to is answered. */
function applyConfigFile(
  layers: LayeredSettings,
  file: Readonly<Record<string, unknown>>,
  origin: string,
): ForeignReading | undefined {
  if (!isSoketiConfig(file)) {
    layers.set([], file, origin);
    return undefined;
  }
  const reading = readSoketiConfig(file, origin);
  for (const { path, value } of reading.assignments) layers.set(path, value, origin);
  return reading;
}

function listOrigins(settings: Settings, layers: LayeredSettings): Map<string, string> {
  const origins = new Map<string, string>();
  for (const { path, name } of listValues(settings)) origins.set(name, layers.findOrigin(path) ?? "default");
  return origins;
}

/** Loads the configuration. Rejects only when `flags` names a flag that no setting has. */
export async function loadConfig(sources: ConfigSources): Promise<ConfigResult> {
  const access: FileAccess = {
    cwd: process.cwd(),
    readFile: (file) => readFile(file, "utf8"),
    importModule: (url) => import(url) as Promise<unknown>,
    ...sources.files,
  };
  const layers = new LayeredSettings();
  const problems: Failure[] = [];

  let fileReading: ForeignReading | undefined;
  if (sources.configFile !== undefined) {
    const file = await readConfigFile(sources.configFile, access);
    if (file.ok) fileReading = applyConfigFile(layers, file.value, `file ${sources.configFile}`);
    else problems.push(file.problem);
  }
  let fileEnv: Environment = {};
  if (sources.envFile !== undefined) {
    const file = await readEnvFile(sources.envFile, access);
    if (file.ok) fileEnv = file.value;
    else problems.push(file.problem);
  }
  const environment = applyEnvironment(layers, sources.env, fileEnv, sources.envFile ?? "");
  applyFlags(layers, sources.flags ?? {});
  const warnings = [...(fileReading?.warnings ?? []), ...environment.warnings];
  // With a file missing, everything it would have set looks missing too: only the file is reported.
  if (problems.length > 0) return { ok: false, problems, warnings };

  const peer = recognizePeer(environment.names, fileReading !== undefined);
  const soketi = [...environment.names.soketi, ...(fileReading?.names ?? [])];
  const names = { ...environment.names, soketi };
  applyPeerDefaults(layers, names);
  warnings.push(...leaveOutLambdaWebhooks(layers));
  const everyApp = [...environment.everyApp, ...(fileReading?.everyApp ?? [])];
  const developmentApp = completeApps(layers, everyApp, peer);
  if (developmentApp) problems.push(...refuseDevelopmentApp(layers));
  problems.push(...findDuplicateApps(layers), ...(await findUnreadableFiles(layers, access)));
  problems.push(...findClusterProblems(layers));
  const parsed = configSchema.safeParse(layers.tree);
  if (!parsed.success) {
    problems.unshift(...parsed.error.issues.flatMap((issue) => explainIssue(issue, layers)));
  }
  warnings.push(...findPeerDifferences(layers, peer, environment.variables), ...findClusterNotices(layers));
  if (parsed.success && problems.length === 0) problems.push(...findUnusableBackends(parsed.data));
  if (!parsed.success || problems.length > 0) return { ok: false, problems, warnings };

  const { settings, raised } = deriveLimits(parsed.data, (path) => layers.get(path) !== undefined);
  const origins = listOrigins(settings, layers);
  for (const { path, origin } of raised) origins.set(path, origin);
  return { ok: true, config: { ...settings, developmentApp }, origins, warnings };
}
