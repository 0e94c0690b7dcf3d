/** The report for a terminal: a table for each scenario, the goals, and how far the figures can be trusted. */
import { contenderNames } from "../contenders.ts";
import { isPinned } from "../processes/placement.ts";
import type { Scenario } from "../scenarios/scenario.ts";
import type { Verdict } from "./goal-verdicts.ts";
import { foreignCoresOf, ratioTo, type Results, type Row, summaryOf } from "./results.ts";
import type { Summary } from "./statistics.ts";

/** Above this share of its core the load generator may have been what limited. */
const busyShare = 0.9;

export function renderReport(
  scenarios: readonly Scenario[],
  results: Results,
  verdicts: readonly Verdict[],
): string {
  const tables = scenarios.flatMap((scenario) => {
    const rows = results.rows.filter((row) => row.scenario === scenario);
    return rows.length === 0 ? [] : [renderScenario(scenario, rows)];
  });
  return [...tables, renderVerdicts(verdicts), renderMissed(results), notes].filter(Boolean).join("\n");
}

function renderScenario(scenario: Scenario, rows: readonly Row[]): string {
  const header = ["", ...scenario.contenders, "× ws", "× bun", "others", "busy: server / load"];
  const lines = rows.map((row) => [
    row.variant,
    ...scenario.contenders.map((contender) => formatSummary(summaryOf(row, contender))),
    formatRatio(ratioTo(row, "ws")),
    formatRatio(ratioTo(row, "bun")),
    foreignCoresOf(row).toFixed(1),
    formatShares(row),
  ]);
  return `${scenario.title} (${rows[0]?.unit})\n${renderTable([header, ...lines])}`;
}

/** Columns as wide as their widest cell; the first to the left, the others to the right. */
export function renderTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length)),
  );
  return rows
    .map((row) => {
      const cells = row.map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      );
      return `  ${cells.join("  ").trimEnd()}\n`;
    })
    .join("");
}

/** The median, and half the distance between lowest and highest in percent of it; one round has no spread to show. */
function formatSummary(summary: Summary | undefined): string {
  if (summary === undefined) return "–";
  if (summary.rounds < 2) return `${formatFigure(summary.median)} (n=1)`;
  const spread = Math.round(((summary.high - summary.low) / 2 / summary.median) * 100);
  return `${formatFigure(summary.median)} ±${Number.isFinite(spread) ? spread : 0}%`;
}

export function formatFigure(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value.toFixed(value >= 10 ? 1 : value >= 1 ? 2 : 3);
}

function formatRatio(summary: Summary | undefined): string {
  return summary === undefined ? "–" : formatFigure(summary.median);
}

function formatShares({ cells }: Row): string {
  const shares = contenderNames.flatMap((name) => {
    const cell = cells.get(name);
    return cell === undefined || cell.serverShares.length === 0
      ? []
      : [`${percent(cell.serverShares)}/${percent(cell.loadShares)}`];
  });
  return shares.join(" ");
}

function percent(shares: readonly number[]): string {
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  return `${Math.round(mean * 100)}${mean >= busyShare ? "*" : ""}`;
}

function renderVerdicts(verdicts: readonly Verdict[]): string {
  if (verdicts.length === 0) return "";
  const lines = verdicts.map(({ scenario, variant, goal, figure, verdict, reason }) => [
    `${verdict.padEnd(7)} ${scenario}: ${variant}`,
    goal,
    formatFigure(figure),
    reason ?? "",
  ]);
  return `Goals\n${renderTable(lines)}`;
}

function renderMissed({ missed }: Results): string {
  if (missed.length === 0) return "";
  const lines = missed.map(
    ({ scenario, contender, round, problem }) => `  ${scenario}, ${contender}, round ${round}: ${problem}\n`,
  );
  return `Not measured\n${lines.join("")}`;
}

const notes = `How to read this
  Figures are the server's CPU time (user and system, all threads, from /proc) divided by what it did in the window, not
  wall time; medians of all rounds, ± half the distance from lowest to highest. Ratios are made round by round, and
  contenders take turns within a round, so that noise of the machine hits all of them.
  others: cores that other programs used meanwhile. Above 0.1, milliseconds say nothing; above 0.5, nothing is certain.
  Goals are judged only with three rounds that agree and without such neighbours.
  busy: percent of a core that server and load generator used, in the order of the columns; * is 90 and more. A server
  near 100 had work at every moment. Where only the load generator is near 100, the server waited for it: its CPU time
  per unit still counts, but holds more wake-ups than under full load.
  ${isPinned ? "Server and load generator had a core each (taskset)." : "Server and load generator were not pinned to cores (no taskset, or one core only): trust only the ratios."}
`;
