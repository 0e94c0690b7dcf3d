/** What a process has used so far, read from Linux' /proc: CPU time of all its threads, and resident memory. */
import { readdirSync, readFileSync } from "node:fs";

/** Linux' unit in /proc/PID/stat; 100 on every platform that Node runs on. */
const ticksPerSecond = 100;
const pageBytes = 4096;

/**
 * CPU microseconds, user and system. The scheduler's own clock counts nanoseconds where the kernel offers it; the
 * fallback counts ticks of 10 ms.
 */
export function readCpuUs(pid: number): number {
  try {
    let nanoseconds = 0;
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "latin1").split(" ")[0]);
    }
    return nanoseconds / 1000;
  } catch {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name of the program may hold spaces, so count from the parenthesis that ends it.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return ((Number(fields[11]) + Number(fields[12])) / ticksPerSecond) * 1e6;
  }
}

/**
 * CPU milliseconds that this machine has spent so far, and those of it that this process and its ended children have. The
 * difference is the neighbours'.
 */
export function readMachineCpuMs(): { readonly allMs: number; readonly ownMs: number } {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = readFileSync(
    "/proc/stat",
    "latin1",
  )
    .split("\n", 1)[0]!
    .split(/ +/)
    .slice(1)
    .map(Number);
  const stat = readFileSync("/proc/self/stat", "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const own = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  const toMs = 1000 / ticksPerSecond;
  return { allMs: (user + nice + system + irq + softirq + steal) * toMs, ownMs: own * toMs };
}

export function readResidentBytes(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/statm`, "latin1").split(" ")[1]) * pageBytes;
}
