/**
 * Applies the environment to the collected settings: the variables of soketi, Sockudo and Reverb, then our own, which are
 * stronger. Called by `loadConfig` after the configuration file was read.
 */

import type { Failure } from "@antiphon/websocket";
import { configFailures } from "../failures/config-failures.ts";
import { applyToEveryApp } from "./complete-apps.ts";
import { formatPath } from "./describe-config.ts";
import { type Assignment, type Environment, readEnvironment } from "./environment.ts";
import { type EveryAppSetting, type NameOrigin, readForeign } from "./foreign-setting.ts";
import type { LayeredSettings } from "./layered-settings.ts";
import type { PeerNames } from "./peer-server.ts";
import { reverbTable } from "./reverb-environment.ts";
import { isSockudoEnvironment, sockudoPrefix, sockudoTable } from "./sockudo-environment.ts";
import { soketiTable } from "./soketi-environment.ts";

/** What the environment came to. */
export interface AppliedEnvironment {
  readonly warnings: readonly Failure[];
  /** Also for apps that only later sources bring; the strongest first. */
  readonly everyApp: readonly EveryAppSetting[];
  readonly names: PeerNames;
  /** All variables: those of the process over those of the file. */
  readonly variables: Environment;
}

function applyAssignments(
  layers: LayeredSettings,
  assignments: readonly Assignment[],
  originOf: NameOrigin,
  setBy: Map<string, Assignment>,
): Failure[] {
  const warnings: Failure[] = [];
  for (const assignment of assignments) {
    const path = formatPath(assignment.path);
    const earlier = setBy.get(path);
    if (earlier !== undefined && earlier.value !== assignment.value) {
      const evidence = { path, loser: earlier.name, winner: assignment.name };
      warnings.push(configFailures.create("config-env-overridden", evidence));
    }
    setBy.set(path, assignment);
    layers.set(assignment.path, assignment.value, originOf(assignment.name));
  }
  return warnings;
}

/** Applies all variables; those of the `.env` file are weaker than those of the process. */
export function applyEnvironment(
  layers: LayeredSettings,
  processEnv: Environment,
  fileEnv: Environment,
  envFile: string,
): AppliedEnvironment {
  const env: Environment = { ...fileEnv, ...processEnv };
  const originOf: NameOrigin = (name) =>
    processEnv[name] === undefined ? `env file ${envFile} ${name}` : `env ${name}`;
  const soketi = readForeign(env, "SOKETI_", soketiTable, originOf);
  const sockudoEnv = isSockudoEnvironment(env) ? env : {};
  const sockudo = readForeign(sockudoEnv, sockudoPrefix, sockudoTable, originOf);
  const reverb = readForeign(env, "REVERB_", reverbTable, originOf);
  const own = readEnvironment(env);

  const setBy = new Map<string, Assignment>();
  const warnings = [...soketi.warnings, ...sockudo.warnings, ...reverb.warnings, ...own.warnings];
  for (const reading of [soketi, sockudo, reverb]) {
    warnings.push(...applyAssignments(layers, reading.assignments, originOf, setBy));
    applyToEveryApp(layers, reading);
  }
  warnings.push(...applyAssignments(layers, own.assignments, originOf, setBy));
  return {
    warnings,
    everyApp: [reverb, sockudo, soketi].flatMap((reading) => reading.everyApp),
    names: { reverb: reverb.names, soketi: soketi.names, sockudo: sockudo.names },
    variables: env,
  };
}
