/** Measures what happens within a window of time: units and CPU time of both sides, read at the same moments. */
import { readCpuUs } from "../processes/process-usage.ts";
import type { Timing, Window } from "./load-commands.ts";

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

interface Reading {
  readonly units: number;
  readonly atMs: number;
  readonly serverCpuUs: number;
  readonly loadCpuUs: number;
}

const pollMs = 20;
/** A server that is given so little of its core is not measured at all. */
const leastShare = 0.05;

/** Warms up, then counts. `countUnits` gives how many there have been so far. */
export async function measureWindow(timing: Timing, countUnits: () => number): Promise<Window> {
  await passServerTime(timing.serverPid, timing.warmUpMs);
  const before = read(timing.serverPid, countUnits);
  await passServerTime(timing.serverPid, timing.windowMs);
  const after = read(timing.serverPid, countUnits);
  return {
    units: after.units - before.units,
    wallMs: after.atMs - before.atMs,
    serverCpuUs: after.serverCpuUs - before.serverCpuUs,
    loadCpuUs: after.loadCpuUs - before.loadCpuUs,
  };
}

/** Waits until the server has used so much CPU time. Rejects if it gets next to none: that measures the neighbours. */
async function passServerTime(serverPid: number, cpuMs: number): Promise<void> {
  const target = readCpuUs(serverPid) + cpuMs * 1000;
  const deadline = performance.now() + cpuMs / leastShare;
  while (readCpuUs(serverPid) < target) {
    if (performance.now() > deadline) {
      throw new Error(`the server used less than ${leastShare * 100} % of its core: the machine is too busy`);
    }
    await sleep(pollMs);
  }
}

function read(serverPid: number, countUnits: () => number): Reading {
  return {
    units: countUnits(),
    atMs: performance.now(),
    serverCpuUs: readCpuUs(serverPid),
    loadCpuUs: readCpuUs(process.pid),
  };
}

/** Waits until `isDone`, or gives up after a while; the caller looks what is missing. */
export async function waitUntil(isDone: () => boolean, timeoutMs = 30_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!isDone() && performance.now() < deadline) await sleep(5);
}

/**
 * Waits until a counter has stood still for a while, and gives its value. Standing still proves nothing on a busy machine:
 * whoever uses this checks the value against something else afterwards.
 */
export async function waitUntilStill(count: () => number, stillMs = 400): Promise<number> {
  let last = count();
  let since = performance.now();
  while (performance.now() - since < stillMs) {
    await sleep(10);
    if (count() === last) continue;
    last = count();
    since = performance.now();
  }
  return last;
}
