/** What a command gets from the process that runs it, so that tests can run commands without one. */

import type { Command } from "commander";
import type { Environment } from "../config/environment.ts";

/** What the process ends with. */
export const exitCodes = { fine: 0, findings: 1, wrongUsage: 2, couldNotRun: 3 } as const;

/** One of {@link exitCodes}. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Where a command writes. */
export interface TextOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

/** The signals a running server listens to. */
export type ServerSignal = "SIGTERM" | "SIGINT" | "SIGHUP";

/** The part of `process` that commands use. */
export interface CommandContext {
  readonly version: string;
  readonly cwd: string;
  readonly env: Environment;
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
  /** Standard input, opened by whoever reads it; nothing to read where it is missing. */
  readonly openStdin?: () => AsyncIterable<Uint8Array | string>;
  readonly signals: {
    on(signal: ServerSignal, listener: () => void): unknown;
    off(signal: ServerSignal, listener: () => void): unknown;
  };
  /** Ends the process at once. */
  readonly exit: (code: ExitCode) => void;
  /** Says what the process ends with when the command is done. */
  readonly setExitCode: (code: ExitCode) => void;
}

/** Adds one command to the program. */
export type RegisterCommand = (program: Command, context: CommandContext) => void;
