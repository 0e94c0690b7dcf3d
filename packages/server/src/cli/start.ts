/** `antiphon start`: runs the server until it is told to stop. */

import { createServer } from "../create-server.ts";
import { loadConfig } from "../config/load-config.ts";
import type { RegisterCommand } from "./command-context.ts";
import { runServer } from "./run-server.ts";
import { addSettingFlags, readConfigSources } from "./setting-flags.ts";

/** Adds the command. */
export const registerStartCommand: RegisterCommand = (program, context) => {
  const command = program
    .command("start")
    .description("run the server; SIGHUP reloads the configuration, SIGTERM closes connections and stops")
    .option("-q, --quiet", "print no banner", false);
  addSettingFlags(command).action(async (options: { quiet: boolean }) => {
    const sources = readConfigSources(command, context);
    const exitCode = await runServer({
      context,
      load: () => loadConfig(sources),
      createServer,
      quiet: options.quiet,
    });
    // A server that could not stop cleanly may have left handles open, which would keep the process.
    context.exit(exitCode);
  });
};
