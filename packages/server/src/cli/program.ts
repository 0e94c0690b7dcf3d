/** Puts the commands together and runs one of them: arguments in, exit code out. Called by `main.ts` and by tests. */

import { Command, CommanderError } from "commander";
import { type CommandContext, type ExitCode, exitCodes, type RegisterCommand } from "./command-context.ts";

/** Runs the command that the arguments name. */
export async function runProgram(
  args: readonly string[],
  context: Omit<CommandContext, "setExitCode">,
  commands: readonly RegisterCommand[],
): Promise<ExitCode> {
  let exitCode: ExitCode = exitCodes.fine;
  const program = new Command("antiphon")
    .description(
      "Self-hosted realtime server for the Pusher Channels protocol that says why when something fails",
    )
    .version(context.version)
    .showSuggestionAfterError()
    .showHelpAfterError("Run with --help for all options.")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void context.stdout.write(text),
      writeErr: (text) => void context.stderr.write(text),
      getOutHasColors: () => context.stdout.isTTY === true,
      getErrHasColors: () => context.stderr.isTTY === true,
    });
  const commandContext: CommandContext = {
    ...context,
    setExitCode: (code) => {
      exitCode = code;
    },
  };
  for (const register of commands) register(program, commandContext);
  try {
    await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    // Commander has already printed what was wrong; --help and --version also end here, with code 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.fine : exitCodes.wrongUsage;
    throw error;
  }
}
