/**
 * The `antiphon` command as its users run it: a child process on a free port, stopped by its pid. Tests talk to it only
 * over the network and its output.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const command = fileURLToPath(new URL("../../packages/server/bin/antiphon.js", import.meta.url));

export interface AntiphonProcess {
  readonly host: string;
  readonly port: number;
  readonly pid: number;
  /** Everything that was printed so far, both streams. */
  output(): string;
  /** Waits until this text has been printed. Rejects if the process ends without. */
  printed(text: string): Promise<void>;
  /** Waits until anything more has been printed. Rejects if the process ends without. */
  printedMore(): Promise<void>;
  /** Sends SIGTERM (or another signal) and waits for the end; returns the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

export interface StartOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Told at once, so that the process can be ended whatever becomes of its start. */
  readonly onSpawn?: (pid: number) => void;
}

/** Starts `antiphon start` on a free port and waits until it listens. */
export async function startAntiphon(options: StartOptions = {}): Promise<AntiphonProcess> {
  const args = ["start", "--port", "0", "--metrics-port", "0", ...(options.args ?? [])];
  const child = spawn(process.execPath, [command, ...args], {
    cwd: options.cwd,
    env: { PATH: process.env["PATH"] ?? "", ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (child.pid !== undefined) options.onSpawn?.(child.pid);
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
  const output = (): string => Buffer.concat(chunks).toString("utf8");
  const port = await waitForOutput(child, output, (all) => /wss?:\/\/[^\s:]+:(\d+)/.exec(all)?.[1]);
  return {
    host: "127.0.0.1",
    port: Number(port),
    pid: child.pid!,
    output,
    async printed(text) {
      await waitForOutput(child, output, (all) => (all.includes(text) ? text : undefined));
    },
    async printedMore() {
      const before = chunks.length;
      await waitForOutput(child, output, (all) => (chunks.length > before ? all : undefined));
    },
    stop: (signal) => stopChild(child, signal),
  };
}

/** Runs `antiphon` with arguments that make it end by itself. */
export async function runAntiphon(
  args: readonly string[],
  options: Omit<StartOptions, "args"> = {},
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const child = spawn(process.execPath, [command, ...args], {
    cwd: options.cwd,
    env: { PATH: process.env["PATH"] ?? "", ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout, stderr };
}

async function waitForOutput(
  child: ChildProcess,
  output: () => string,
  find: (all: string) => string | undefined,
): Promise<string> {
  for (;;) {
    const found = find(output());
    if (found !== undefined) return found;
    const printed = new AbortController();
    const ended = await Promise.race([
      once(child, "exit", { signal: printed.signal }).then(() => true),
      once(child.stdout!, "data", { signal: printed.signal }).then(() => false),
      once(child.stderr!, "data", { signal: printed.signal }).then(() => false),
    ]);
    printed.abort();
    if (ended) throw new Error(`antiphon start ended without printing what was awaited:\n${output()}`);
  }
}

async function stopChild(child: ChildProcess, signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill(signal);
    // Later than "exit": all output has been read.
    await once(child, "close");
  }
  return child.exitCode;
}
