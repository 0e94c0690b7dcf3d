/**
 * Applies the environment to the collected settings: the variables of soketi and Reverb, then our own, which are
 * stronger. Knows which of the two servers the environment was written for, and what that changes.
 */

import type { Failure } from "@antiphon/websocket";
import type { ResponseProfile } from "../apps/app.ts";
import { configFailures } from "../failures/config-failures.ts";
import { findPublicAddresses, findValue } from "./check-settings.ts";
import { applyToEveryApp, type NameOrigin } from "./complete-apps.ts";
import { formatPath } from "./describe-config.ts";
import { type Assignment, type Environment, readEnvironment } from "./environment.ts";
import { type ForeignReading, readForeign } from "./foreign-setting.ts";
import type { LayeredSettings } from "./layered-settings.ts";
import { reverbDefaultPort, reverbTable } from "./reverb-environment.ts";
import { soketiDefaultApp, soketiMetricsDefaults, soketiTable } from "./soketi-environment.ts";

/** What the environment came to. */
export interface AppliedEnvironment {
  readonly warnings: readonly Failure[];
  readonly readings: readonly ForeignReading[];
  readonly peer: { readonly profile: ResponseProfile; readonly origin: string } | undefined;
  readonly originOf: NameOrigin;
  /** Fills in what the peer takes for granted, once all sources have spoken. */
  readonly applyPeerDefaults: () => void;
  /** What works differently than at the peer, once everything is known. */
  readonly findPeerDifferences: () => Failure[];
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

function applySoketiDefaults(layers: LayeredSettings, names: readonly string[]): void {
  if (names.some((name) => name.startsWith("SOKETI_DEFAULT_APP_"))) {
    layers.setIfAbsent(["apps", 0, "id"], soketiDefaultApp.id, "default of soketi");
    layers.setIfAbsent(["apps", 0, "key"], soketiDefaultApp.key, "default of soketi");
    layers.setIfAbsent(["apps", 0, "secret"], soketiDefaultApp.secret, "default of soketi");
  }
  if (names.includes("SOKETI_METRICS_ENABLED") && layers.get(["metrics", "enabled"]) === true) {
    layers.setIfAbsent(["metrics", "host"], soketiMetricsDefaults.host, "default of soketi");
    layers.setIfAbsent(["metrics", "prefix"], soketiMetricsDefaults.prefix, "default of soketi");
  }
}

/** Ports of a proxy in front, which is how Reverb is commonly run. */
const proxyPorts = new Set(["80", "443"]);

function findPortDifference(layers: LayeredSettings, env: Environment): Failure[] {
  const dialled = env["REVERB_PORT"];
  const port = findValue(layers, ["server", "port"]);
  if (dialled === undefined || dialled === "" || proxyPorts.has(dialled)) return [];
  if (typeof port !== "number" || dialled === String(port)) return [];
  return [configFailures.create("config-public-port-differs", { name: "REVERB_PORT", value: dialled, port })];
}

function findWellKnownSecrets(layers: LayeredSettings): Failure[] {
  if (!findPublicAddresses(layers).some(({ path }) => path[0] === "server")) return [];
  const problems: Failure[] = [];
  for (let index = 0; index < layers.count(["apps"]); index += 1) {
    if (layers.get(["apps", index, "secret"]) !== soketiDefaultApp.secret) continue;
    problems.push(
      configFailures.create("config-secret-well-known", { path: `apps[${index}].secret`, peer: "soketi" }),
    );
  }
  return problems;
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
  const soketi = readForeign(env, "SOKETI_", soketiTable);
  const reverb = readForeign(env, "REVERB_", reverbTable);
  const own = readEnvironment(env);

  const setBy = new Map<string, Assignment>();
  const warnings = [...soketi.warnings, ...reverb.warnings, ...own.warnings];
  for (const reading of [soketi, reverb]) {
    warnings.push(...applyAssignments(layers, reading.assignments, originOf, setBy));
    applyToEveryApp(layers, reading, originOf);
  }
  warnings.push(...applyAssignments(layers, own.assignments, originOf, setBy));

  const isReverb = reverb.names.some((name) => name.startsWith("REVERB_"));
  const isSoketi = soketi.names.length > 0;
  const peer = isReverb
    ? ({ profile: "reverb", title: "Reverb", origin: "Reverb environment" } as const)
    : isSoketi
      ? ({ profile: "soketi", title: "soketi", origin: "soketi environment" } as const)
      : undefined;

  return {
    warnings,
    readings: [reverb, soketi],
    peer,
    originOf,
    applyPeerDefaults() {
      if (isReverb) layers.setIfAbsent(["server", "port"], reverbDefaultPort, "default of Reverb");
      applySoketiDefaults(layers, soketi.names);
    },
    findPeerDifferences() {
      const differences = [...findPortDifference(layers, env), ...findWellKnownSecrets(layers)];
      if (peer !== undefined && layers.get(["server", "host"]) === undefined) {
        // The default of the schema is a text.
        const host = findValue(layers, ["server", "host"]) as string;
        differences.push(configFailures.create("config-peer-address-differs", { peer: peer.title, host }));
      }
      return differences;
    },
  };
}
