/**
 * Runs a script in another language that stands in for a Pusher SDK: a job goes in as JSON on standard input, what the
 * SDK would have got comes back as JSON on standard output.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { json, text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { AppCredentials } from "../support/configured-server.ts";
import type { ProgramSearch } from "../support/debian-program.ts";

/** One method of the SDK with its parameters. */
export type SdkCall = readonly [method: string, ...parameters: readonly unknown[]];

/** The options that the SDK is made with. */
export interface SdkOptions {
  readonly port: number;
  readonly app: AppCredentials;
  /** PHP's `path`: stands in front of every path and is not signed. */
  readonly path?: string;
}

/** What one request was answered; methods that make no request give their value as the body. */
export interface SdkAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** The path of a script beside this file. */
export function scriptPath(script: string): string {
  return fileURLToPath(new URL(script, import.meta.url));
}

/** The program's path; for tests that are skipped where it was not found. */
export function programPath(search: ProgramSearch): string {
  if (!search.found) throw new Error(search.reason);
  return search.path;
}

/** Makes the calls one after the other in one process, and gives their answers. */
export async function callSdk(
  program: ProgramSearch,
  script: string,
  options: SdkOptions,
  calls: readonly SdkCall[],
): Promise<readonly SdkAnswer[]> {
  const child = spawn(programPath(program), [scriptPath(script)], { stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.end(JSON.stringify({ ...options, calls }));
  const closed = once(child, "close");
  const [answers, problems] = await Promise.all([
    json(child.stdout).catch(() => undefined),
    text(child.stderr),
    closed,
  ]);
  if (answers === undefined || problems !== "") throw new Error(`${script} failed:\n${problems}`);
  return answers as readonly SdkAnswer[];
}
