/**
 * Which server an environment or a configuration file was written for, what that server takes for granted, and what will
 * be different here. Made by `applyEnvironment`; used once all sources have spoken.
 */

import type { Failure } from "@antiphon/websocket";
import type { ResponseProfile } from "../apps/app.ts";
import { configFailures } from "../failures/config-failures.ts";
import { findPublicAddresses, findValue } from "./check-settings.ts";
import type { Environment } from "./environment.ts";
import type { LayeredSettings } from "./layered-settings.ts";
import { reverbDefaultPort } from "./reverb-environment.ts";
import { sockudoDefaults } from "./sockudo-environment.ts";
import { soketiDefaultApp, soketiMetricsDefaults } from "./soketi-environment.ts";

/** Names of variables that are set, by the server that they belong to. */
export interface PeerNames {
  readonly reverb: readonly string[];
  readonly soketi: readonly string[];
  readonly sockudo: readonly string[];
}

/** A server whose users' configuration is read. */
export interface PeerServer {
  readonly title: "Reverb" | "soketi" | "Sockudo";
  /** For apps that name none. Sockudo's answers are close to Pusher's. */
  readonly profile: ResponseProfile;
  /** Where that profile comes from. */
  readonly origin: string;
}

/** The server that the names belong to, or the configuration file; of several the one that says most about the app. */
export function recognizePeer(
  { reverb, soketi, sockudo }: PeerNames,
  hasSoketiFile: boolean,
): PeerServer | undefined {
  if (reverb.some((name) => name.startsWith("REVERB_")))
    return { title: "Reverb", profile: "reverb", origin: "Reverb environment" };
  if (soketi.length > 0) return { title: "soketi", profile: "soketi", origin: "soketi environment" };
  if (hasSoketiFile) return { title: "soketi", profile: "soketi", origin: "soketi configuration file" };
  if (sockudo.length > 0) return { title: "Sockudo", profile: "pusher", origin: "Sockudo environment" };
  return undefined;
}

/** Fills in what the server takes for granted, under everything that was set. */
export function applyPeerDefaults(layers: LayeredSettings, names: PeerNames): void {
  if (names.reverb.some((name) => name.startsWith("REVERB_"))) {
    layers.setIfAbsent(["server", "port"], reverbDefaultPort, "default of Reverb");
  }
  if (names.soketi.some((name) => name.startsWith("SOKETI_DEFAULT_APP_"))) {
    layers.setIfAbsent(["apps", 0, "id"], soketiDefaultApp.id, "default of soketi");
    layers.setIfAbsent(["apps", 0, "key"], soketiDefaultApp.key, "default of soketi");
    layers.setIfAbsent(["apps", 0, "secret"], soketiDefaultApp.secret, "default of soketi");
  }
  const metricsAreOn = layers.get(["metrics", "enabled"]) === true;
  if (metricsAreOn && names.soketi.includes("SOKETI_METRICS_ENABLED")) {
    layers.setIfAbsent(["metrics", "host"], soketiMetricsDefaults.host, "default of soketi");
    layers.setIfAbsent(["metrics", "prefix"], soketiMetricsDefaults.prefix, "default of soketi");
  }
  if (metricsAreOn && names.sockudo.includes("METRICS_ENABLED")) {
    layers.setIfAbsent(["metrics", "host"], sockudoDefaults.metricsHost, "default of Sockudo");
    layers.setIfAbsent(["metrics", "prefix"], sockudoDefaults.metricsPrefix, "default of Sockudo");
  }
  if (names.sockudo.length > 0 && layers.count(["apps"]) > 0) {
    const path = ["apps", 0, "events", "maxDataBytes"] as const;
    layers.setIfAbsent(path, sockudoDefaults.maxDataBytes, "default of Sockudo");
  }
}

/** What works differently than at the server that the configuration was written for. */
export function findPeerDifferences(
  layers: LayeredSettings,
  peer: PeerServer | undefined,
  env: Environment,
): Failure[] {
  const differences = [...findPortDifference(layers, env), ...findWellKnownSecrets(layers)];
  if (peer !== undefined && layers.get(["server", "host"]) === undefined) {
    // The default of the schema is a text.
    const host = findValue(layers, ["server", "host"]) as string;
    differences.push(configFailures.create("config-peer-address-differs", { peer: peer.title, host }));
  }
  return differences;
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
