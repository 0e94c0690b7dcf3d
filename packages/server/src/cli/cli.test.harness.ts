/** Runs commands of the command line in this process, as tests need them: text in, text and exit code out. */
import { type CommandContext, type ExitCode, exitCodes, type RegisterCommand } from "./command-context.ts";
import { runProgram } from "./program.ts";

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: CommandContext["env"];
  readonly stdin?: string | Uint8Array;
  /** Whether standard output is a terminal. */
  readonly isTTY?: boolean;
}

export interface RunResult {
  readonly exitCode: ExitCode;
  readonly stdout: string;
  readonly stderr: string;
}

export async function runCommand(
  commands: readonly RegisterCommand[],
  args: readonly string[],
  { cwd = "/nowhere", env = {}, stdin = "", isTTY = false }: RunOptions = {},
): Promise<RunResult> {
  let stdout = "";
  let stderr = "";
  const exitCode = await runProgram(
    args,
    {
      version: "0.0.0",
      cwd,
      env,
      stdout: { write: (text) => (stdout += text), isTTY },
      stderr: { write: (text) => (stderr += text) },
      async *openStdin() {
        yield await Promise.resolve(stdin);
      },
      signals: { on: () => undefined, off: () => undefined },
      exit: () => undefined,
    },
    commands,
  );
  return { exitCode, stdout, stderr };
}

export { exitCodes };
