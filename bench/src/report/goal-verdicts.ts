/**
 * Whether the figures meet the goals that the scenarios state. A verdict needs three rounds that agree, and a machine that
 * was left alone where wall time is measured; anything else is unclear, with the reason.
 */
import type { Goal, Scenario } from "../scenarios/scenario.ts";
import { foreignCoresOf, type Results, type Row, ratioTo, summaryOf } from "./results.ts";
import { ratios, type Summary, summarize } from "./statistics.ts";

export interface Verdict {
  readonly scenario: string;
  readonly variant: string;
  /** Such as `≤ 1.15 × bun`. */
  readonly goal: string;
  readonly figure: number;
  readonly verdict: "met" | "missed" | "unclear";
  /** Why it is unclear. */
  readonly reason?: string;
}

const leastRounds = 3;
/** Cores that neighbours may use before wall time says nothing. */
const quietCores = 0.1;
/** The same for CPU time, which suffers less: from cold caches and shared cores. */
const calmCores = 0.5;

/** Verdicts on all goals that something was measured for. */
export function judgeGoals(scenarios: readonly Scenario[], results: Results): Verdict[] {
  return scenarios.flatMap((scenario) =>
    scenario.goals.flatMap((goal) => {
      const row = results.rowOf(scenario, goal.variant);
      const figures = row && findFigures(scenario, goal, row, results);
      if (row === undefined || figures === undefined || figures.rounds === 0) return [];
      const facts = { scenario: scenario.name, variant: goal.variant, goal: describeGoal(goal, row) };
      return [{ ...facts, figure: figures.median, ...judge(goal, figures, row) }];
    }),
  );
}

function judge(
  { limit }: Goal,
  { low, high, rounds }: Summary,
  row: Row,
): Pick<Verdict, "verdict" | "reason"> {
  if (rounds < leastRounds) return unclear(`${rounds} of at least ${leastRounds} rounds`);
  const foreign = foreignCoresOf(row);
  const isWallTime = !row.unit.includes("CPU") && !row.unit.includes("KB");
  if (foreign > (isWallTime ? quietCores : calmCores)) {
    return unclear(`others used ${foreign.toFixed(1)} cores meanwhile`);
  }
  if (high <= limit) return { verdict: "met" };
  return low > limit ? { verdict: "missed" } : unclear("rounds disagree");
}

function unclear(reason: string): Pick<Verdict, "verdict" | "reason"> {
  return { verdict: "unclear", reason };
}

/** One figure for each round that has what the goal compares. */
function findFigures(scenario: Scenario, goal: Goal, row: Row, results: Results): Summary | undefined {
  switch (goal.against) {
    case "absolute":
      return summaryOf(row, "antiphon");
    case "own": {
      const ours = row.cells.get("antiphon");
      const base = results.rowOf(scenario, goal.base ?? "")?.cells.get("antiphon");
      return ours && base && summarize(ratios(ours.byRound, base.byRound));
    }
    default:
      return ratioTo(row, goal.against);
  }
}

function describeGoal({ against, limit, base }: Goal, { unit }: Row): string {
  switch (against) {
    case "absolute":
      return `≤ ${limit} ${unit}`;
    case "own":
      return `≤ ${limit} × ${base}`;
    default:
      return `≤ ${limit} × ${against}`;
  }
}
