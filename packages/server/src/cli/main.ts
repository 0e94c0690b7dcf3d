/** Entry of the `antiphon` command: runs the program with the real process. Imported by `bin/antiphon.js`. */

import { readFileSync } from "node:fs";
import type { CommandContext, RegisterCommand } from "./command-context.ts";
import { registerBenchCommand } from "./bench.ts";
import { registerConfigCommand } from "./config.ts";
import { registerDecodeCommand } from "./decode.ts";
import { registerDoctorCommand } from "./doctor.ts";
import { registerExplainCommand } from "./explain.ts";
import { runProgram } from "./program.ts";
import { registerStartCommand } from "./start.ts";
import { registerSubscribeCommand } from "./subscribe.ts";
import { registerTriggerCommand } from "./trigger.ts";
import { registerTapCommand } from "./tap.ts";
import { registerWebhooksCommand } from "./webhooks.ts";

const commands: readonly RegisterCommand[] = [
  registerStartCommand,
  registerConfigCommand,
  registerTapCommand,
  registerDoctorCommand,
  registerSubscribeCommand,
  registerTriggerCommand,
  registerBenchCommand,
  registerWebhooksCommand,
  registerDecodeCommand,
  registerExplainCommand,
];

// The same place from src/cli and from dist/cli.
const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  version: string;
};

const context: Omit<CommandContext, "setExitCode"> = {
  version: manifest.version,
  cwd: process.cwd(),
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  openStdin: () => process.stdin,
  signals: process,
  exit: (code) => process.exit(code),
};

process.exitCode = await runProgram(process.argv.slice(2), context, commands);
