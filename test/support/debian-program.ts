/**
 * Programs that tests need and npm cannot bring: found on PATH, installed as Debian's package where we are root on
 * Debian, and otherwise reported, so that the tests that need one are skipped with the reason. In CI a skip of that kind
 * is a failure.
 */
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";

export type ProgramSearch =
  | { readonly found: true; readonly path: string }
  | { readonly found: false; readonly reason: string };

/** Finds a program, installing its Debian package if need be. */
export function ensureProgram(program: string, debianPackage: string): ProgramSearch {
  const installed = findOnPath(program);
  if (installed) return { found: true, path: installed };
  const reason = installPackage(program, debianPackage);
  const path = findOnPath(program);
  if (path) return { found: true, path };
  if (process.env["CI"] === "true") throw new Error(reason);
  return { found: false, reason };
}

function findOnPath(program: string): string | undefined {
  // Debian keeps daemons where only root's PATH leads.
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin"];
  return folders.map((folder) => join(folder, program)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Why the package lists could not be brought up to date; empty if they are. Tried once for all programs. */
let listsProblem: string | undefined;

/** Tries to install the package; returns why the program may still be missing. */
function installPackage(program: string, debianPackage: string): string {
  const missing = `${program} is not on PATH`;
  if (!existsSync("/etc/debian_version") || process.getuid?.() !== 0) {
    return `${missing}; install it (Debian: apt-get install ${debianPackage})`;
  }
  process.stdout.write(`test set-up: installing Debian's package ${debianPackage}\n`);
  listsProblem ??= runAptGet(["update", "-q"]);
  const problem =
    listsProblem || runAptGet(["install", "-q", "-y", "--no-install-recommends", debianPackage]);
  return problem ? `${missing}; ${problem}` : `${missing}, although apt-get installed ${debianPackage}`;
}

/** Answers why it failed, or an empty text. */
function runAptGet(args: readonly string[]): string {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const { status, stderr, error } = spawnSync("apt-get", args, { env, encoding: "utf8" });
  return status === 0 ? "" : `apt-get ${args[0]} failed: ${error?.message ?? stderr.trim()}`;
}
