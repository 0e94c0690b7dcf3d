/**
 * `antiphon start` with a configuration file: writes the settings into a folder of their own, starts the command on it, and
 * removes the folder when the server has stopped.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AntiphonProcess, type StartOptions, startAntiphon } from "./antiphon-process.ts";

/** What publishers and auth endpoints need to know of an app. */
export interface AppCredentials {
  readonly id: string;
  readonly key: string;
  readonly secret: string;
}

/** An app of a test's server; anything beside the credentials is a setting as in the configuration file. */
export interface AppSettings extends AppCredentials {
  readonly [setting: string]: unknown;
}

export interface ServerSettings {
  readonly apps: readonly AppSettings[];
  readonly [section: string]: unknown;
}

export interface ConfiguredServer extends AntiphonProcess {
  /** Writes other settings into the file, for the next reload. */
  reconfigure(settings: ServerSettings): Promise<void>;
}

/** A short drain: tests that are about it set their own. */
const server = { shutdownGraceMs: 100 };

/** Starts a server with these settings on a free port of the loopback. */
export async function startConfiguredServer(
  settings: ServerSettings,
  options: Pick<StartOptions, "env" | "onSpawn"> = {},
): Promise<ConfiguredServer> {
  const folder = await mkdtemp(join(tmpdir(), "antiphon-test-"));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  const file = join(folder, "antiphon.json");
  const write = (all: ServerSettings): Promise<void> => writeFile(file, JSON.stringify({ server, ...all }));
  await write(settings);
  try {
    const started = await startAntiphon({ ...options, args: ["--config", file] });
    return {
      ...started,
      reconfigure: write,
      async stop(signal) {
        const code = await started.stop(signal);
        await remove();
        return code;
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
