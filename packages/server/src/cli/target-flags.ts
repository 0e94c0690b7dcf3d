/** The options by which `subscribe` and `trigger` find a server and an app, and their reading. */

import type { Command } from "commander";
import { type PusherTarget, readTarget, type TargetFlags } from "../pusher-client/pusher-target.ts";
import { type CommandContext, exitCodes } from "./command-context.ts";

/** Adds the options; without any of them it is the development app of a server on this machine. */
export function addTargetFlags(command: Command): Command {
  return command
    .option("--url <url>", "server, such as wss://ws.example.com; may end in /app/KEY")
    .option("--host <host>", "host, instead of a URL (default: 127.0.0.1)")
    .option("--port <port>", "port, instead of a URL (default: 6001)")
    .option("--app-id <id>", "app id (default: that of the development app)")
    .option("--key <key>", "app key (default: that of the development app)")
    .option("--secret <secret>", "app secret (default: that of the development app)")
    .option("-k, --insecure", "accept any certificate", false);
}

/** The target; where flags contradict each other that is printed, and the exit code set. */
export function readTargetOrComplain(flags: TargetFlags, context: CommandContext): PusherTarget | undefined {
  const target = readTarget(flags);
  if (!("problem" in target)) return target;
  complain(target.problem, context);
  return undefined;
}

/** Ends the command as wrong usage. */
export function complain(problem: string, context: CommandContext): void {
  context.stderr.write(`error: ${problem}\n`);
  context.setExitCode(exitCodes.wrongUsage);
}
