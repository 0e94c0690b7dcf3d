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

/** Warms up, then counts. `countUnits` gives how many there have been so far. */
export async function measureWindow(timing: Timing, countUnits: () => number): Promise<Window> {
  await sleep(timing.warmUpMs);
  const before = read(timing.serverPid, countUnits);
  await sleep(timing.windowMs);
  const after = read(timing.serverPid, countUnits);
  return {
    units: after.units - before.units,
    wallMs: after.atMs - before.atMs,
    serverCpuUs: after.serverCpuUs - before.serverCpuUs,
    loadCpuUs: after.loadCpuUs - before.loadCpuUs,
  };
}

function read(serverPid: number, countUnits: () => number): Reading {
  return {
    units: countUnits(),
    atMs: performance.now(),
    serverCpuUs: readCpuUs(serverPid),
    loadCpuUs: readCpuUs(process.pid),
  };
}

/** Waits until `isDone`, or gives up after a while. */
export async function waitUntil(isDone: () => boolean, timeoutMs = 15_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!isDone() && performance.now() < deadline) await sleep(5);
}

/** Waits until a counter has stood still for a while, and gives its value. */
export async function waitUntilStill(count: () => number, stillMs = 150): Promise<number> {
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
