/** Reads `ANTIPHON_…` variables, whose names follow from the paths of the settings. */

import type { Failure } from "@antiphon/websocket";
import { configFailures } from "../failures/config-failures.ts";
import { convertText, isUnset } from "./convert-text.ts";
import { findNearestName } from "./nearest-name.ts";
import { findSettingByEnv, type SettingPath, settings } from "./setting-index.ts";

/** Variables by name, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** One value that a source gives. */
export interface Assignment {
  readonly path: SettingPath;
  readonly value: unknown;
  /** The variable or flag. */
  readonly name: string;
}

/** What a source gives, and what it has to say. */
export interface SourceReading {
  readonly assignments: readonly Assignment[];
  readonly warnings: readonly Failure[];
}

const prefix = "ANTIPHON_";
const namesWithoutPrefix = settings.map((setting) => setting.env.slice(prefix.length));

/** Compares without the prefix, which is right anyway; `ANTIPHON_PORT` is taken for the port of the server. */
function findNearestVariable(name: string): string | undefined {
  const rest = name.slice(prefix.length);
  const ofServer = `SERVER_${rest}`;
  const nearest = namesWithoutPrefix.includes(ofServer)
    ? ofServer
    : findNearestName(rest, namesWithoutPrefix);
  return nearest === undefined ? undefined : `${prefix}${nearest}`;
}

/** Gives every setting of the environment, and a warning for every `ANTIPHON_…` name that means nothing. */
export function readEnvironment(env: Environment): SourceReading {
  const assignments: Assignment[] = [];
  const warnings: Failure[] = [];
  for (const [name, text] of Object.entries(env)) {
    if (text === undefined || !name.startsWith(prefix)) continue;
    const found = findSettingByEnv(name);
    if (found === undefined) {
      const nearest = findNearestVariable(name);
      warnings.push(configFailures.create("config-env-unknown", { name, nearest }));
    } else if (!isUnset(text)) {
      assignments.push({ path: found.path, value: convertText(text, found.setting.kind), name });
    }
  }
  // Whole lists first, so that a variable for one item adds to a list that another variable gives.
  assignments.sort((a, b) => a.path.length - b.path.length);
  return { assignments, warnings };
}
