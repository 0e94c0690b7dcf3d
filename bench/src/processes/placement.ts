/** Where processes run: the server on one core, everything that loads it on another, with as many descriptors as allowed. */
import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";

/** How a program is started so that it runs where it should. */
export interface Placement {
  readonly file: string;
  readonly args: readonly string[];
}

/** More than any scenario opens. */
const wantedDescriptors = 65_536;
/** As root this raises the limit; otherwise it takes what the system allows. */
const raiseLimit = `ulimit -n ${wantedDescriptors} 2>/dev/null || ulimit -n "$(ulimit -Hn)"; exec "$@"`;

const canPin = availableParallelism() > 1 && spawnSync("taskset", ["-V"]).status === 0;

/** Whether server and load have a core each. Without that, they fight, and only ratios mean anything. */
export const isPinned = canPin;

export function place(role: "server" | "load", file: string, args: readonly string[]): Placement {
  const shell = ["-c", raiseLimit, "sh"];
  const command = [file, ...args];
  if (!canPin) return { file: "sh", args: [...shell, ...command] };
  return { file: "taskset", args: ["-c", role === "server" ? "0" : "1", "sh", ...shell, ...command] };
}

/** Moves this process to the core of the load, away from the server's. */
export function placeSelf(): void {
  if (canPin) spawnSync("taskset", ["-a", "-p", "-c", "1", String(process.pid)]);
}
