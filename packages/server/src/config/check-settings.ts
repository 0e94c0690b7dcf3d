/**
 * Checks that need more than one setting: apps that share an id or key, the development app on a public address, files that
 * cannot be read. They look at the collected values and not at the parsed ones, so that they report together with the schema.
 */

import type { Failure } from "@antiphon/websocket";
import { configFailures } from "../failures/config-failures.ts";
import { type FileAccess, readTextFile } from "./config-file.ts";
import { formatPath } from "./describe-config.ts";
import type { LayeredSettings } from "./layered-settings.ts";
import { isLoopback } from "./loopback.ts";
import { findSettingByPath, type SettingPath } from "./setting-index.ts";

/** The value in force at a path: set or default. */
export function findValue(layers: LayeredSettings, path: SettingPath): unknown {
  return layers.get(path) ?? findSettingByPath(path)?.default;
}

/** Two apps with the same id, or the same key. */
export function findDuplicateApps(layers: LayeredSettings): Failure[] {
  const problems: Failure[] = [];
  for (const field of ["id", "key"]) {
    const seen = new Map<unknown, string>();
    for (let index = 0; index < layers.count(["apps"]); index += 1) {
      const value = layers.get(["apps", index, field]);
      if (typeof value !== "string") continue;
      const path = `apps[${index}]`;
      const first = seen.get(value);
      if (first === undefined) seen.set(value, path);
      else
        problems.push(configFailures.create("config-app-duplicate", { field, value, first, second: path }));
    }
  }
  return problems;
}

/** The addresses that are listened on and that other machines can reach. */
export function findPublicAddresses(layers: LayeredSettings): { path: SettingPath; host: string }[] {
  const paths: SettingPath[] = [["server", "host"]];
  if (findValue(layers, ["metrics", "enabled"]) === true) paths.push(["metrics", "host"]);
  return paths
    .map((path) => ({ path, host: findValue(layers, path) }))
    .filter((address): address is { path: SettingPath; host: string } => typeof address.host === "string")
    .filter(({ host }) => host !== "" && !isLoopback(host));
}

/** The development app where others could reach it. */
export function refuseDevelopmentApp(layers: LayeredSettings): Failure[] {
  return findPublicAddresses(layers).map(({ path, host }) =>
    configFailures.create("config-no-apps", {
      host,
      path: formatPath(path),
      origin: layers.findOrigin(path) ?? "default",
    }),
  );
}

/** Files that the server reads when it starts. */
const filePaths: readonly SettingPath[] = [
  ...[["server"], ["redis"], ["nats"]].flatMap((section) =>
    ["cert", "key", "ca"].map((name) => [...section, "tls", name]),
  ),
  ["nats", "nkeyFile"],
  ["nats", "credentialsFile"],
];

/** Certificates, keys and credentials that cannot be read. */
export async function findUnreadableFiles(layers: LayeredSettings, access: FileAccess): Promise<Failure[]> {
  const problems: Failure[] = [];
  for (const path of filePaths) {
    const file = layers.get(path);
    if (typeof file !== "string" || file === "") continue;
    const result = await readTextFile(file, layers.findOrigin(path) ?? formatPath(path), access);
    if (!result.ok) problems.push(result.problem);
  }
  return problems;
}
