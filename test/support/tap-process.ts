/** The started command `antiphon tap` before a server of the test: what it printed so far, and its end. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

const command = fileURLToPath(new URL("../../packages/server/bin/antiphon.js", import.meta.url));

export interface TapProcess {
  /** Where clients connect, on 127.0.0.1. */
  readonly port: number;
  output(): string;
  /** Waits until the output matches. Rejects if the tap ends without. */
  printed(pattern: RegExp): Promise<void>;
  /** Resident memory in MiB. */
  memoryMiB(): number;
  /** Ctrl-C; returns the exit code and everything that was printed. */
  stop(): Promise<{ readonly code: number | null; readonly output: string }>;
}

/** Starts a tap on a free port and waits until it listens. It is killed when the test ends. */
export async function startTap(target: string, args: readonly string[] = []): Promise<TapProcess> {
  const child = spawn(process.execPath, [command, "tap", "--listen", "0", "--target", target, ...args], {
    env: { PATH: process.env["PATH"] ?? "" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (part: string) => (text += part));
  }
  const output = (): string => text;
  const printed = (pattern: RegExp): Promise<void> => waitForOutput(child, output, pattern);
  const listening = /(?:ws|wss):\/\/127\.0\.0\.1:(\d+)/;
  await printed(listening);
  return {
    port: Number(listening.exec(text)![1]),
    output,
    printed,
    memoryMiB() {
      const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
      return Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024;
    },
    async stop() {
      const closed = once(child, "close");
      child.kill("SIGINT");
      const [code] = (await closed) as [number | null];
      return { code, output: text };
    },
  };
}

async function waitForOutput(child: ChildProcess, output: () => string, pattern: RegExp): Promise<void> {
  while (!pattern.test(output())) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`antiphon tap ended without printing ${pattern}:\n${output()}`);
    const heard = new AbortController();
    await Promise.race([
      once(child, "exit", { signal: heard.signal }),
      once(child.stdout!, "data", { signal: heard.signal }),
      once(child.stderr!, "data", { signal: heard.signal }),
    ]);
    heard.abort();
  }
}
