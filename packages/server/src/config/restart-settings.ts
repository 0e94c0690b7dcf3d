/**
 * Which settings a reload cannot take over: the configuration of the start and a newer one in, the paths that differ out.
 * Apps are replaced live, and TLS files are read anew; everything else was built into the server when it started.
 */

import { isDeepStrictEqual } from "node:util";
import { listValues, type SettingValue } from "./list-values.ts";
import type { Config } from "./load-config.ts";

/** The paths at which the two differ and that only a restart takes over, in the order of the configuration. */
export function findRestartSettings(started: Config, wanted: Config): string[] {
  const tlsStays = usesTls(started) && usesTls(wanted);
  const isLive = ({ path }: SettingValue): boolean => tlsStays && path[0] === "server" && path[1] === "tls";
  const before = listFixed(started);
  const after = listFixed(wanted);
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => {
    const known = after.get(name) ?? before.get(name);
    if (known === undefined || isLive(known)) return false;
    return !isDeepStrictEqual(before.get(name)?.value, after.get(name)?.value);
  });
}

function usesTls({ server }: Config): boolean {
  return server.tls.cert !== undefined;
}

function listFixed(config: Config): Map<string, SettingValue> {
  const settings = Object.entries(config).filter(([name]) => name !== "apps" && name !== "developmentApp");
  return new Map([...listValues(Object.fromEntries(settings))].map((value) => [value.name, value]));
}
