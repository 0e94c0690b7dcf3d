/** The results as JSON: every sample, and the machine they come from. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { readVersions } from "../contenders.ts";
import { isPinned } from "../processes/placement.ts";
import type { Verdict } from "./goal-verdicts.ts";
import { ratioTo, type Results, summaryOf } from "./results.ts";

const folder = fileURLToPath(new URL("../../results/", import.meta.url));

/** What is known of the machine and the code. */
export function describeRun() {
  const git = spawnSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" });
  return {
    date: new Date().toISOString(),
    commit: git.status === 0 ? git.stdout.trim() : undefined,
    versions: readVersions(),
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
    kernel: release(),
    isPinned,
    loadAverageBefore: loadavg(),
    netdevMaxBacklog: readBacklog(),
  };
}

export type RunDescription = ReturnType<typeof describeRun>;

/** Writes the file and gives its path. */
export function writeResultFile(run: RunDescription, results: Results, verdicts: readonly Verdict[]): string {
  const rows = results.rows.map((row) => ({
    scenario: row.scenario.name,
    variant: row.variant,
    unit: row.unit,
    ratios: { ws: ratioTo(row, "ws"), bun: ratioTo(row, "bun") },
    contenders: Object.fromEntries(
      [...row.cells].map(([name, { byRound, serverShares, loadShares, foreignCores }]) => [
        name,
        { ...summaryOf(row, name), values: [...byRound.values()], serverShares, loadShares, foreignCores },
      ]),
    ),
  }));
  mkdirSync(folder, { recursive: true });
  const file = `${folder}${run.date.slice(0, 16).replaceAll(":", "")}.json`;
  writeFileSync(file, `${JSON.stringify({ run, rows, goals: verdicts, missed: results.missed }, null, 2)}\n`);
  return file;
}

/** Packets that a core queues before it drops; bursts to thousands of loopback sockets pass the default of 1,000. */
function readBacklog(): number | undefined {
  try {
    return Number(readFileSync("/proc/sys/net/core/netdev_max_backlog", "utf8"));
  } catch {
    return undefined;
  }
}
