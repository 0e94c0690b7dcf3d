/** Whether the figures meet the goals that the scenarios state. */
import type { Goal, Scenario } from "../scenarios/scenario.ts";
import { type Results, type Row, ratioTo, summaryOf } from "./results.ts";
import { ratios, summarize } from "./statistics.ts";

export interface Verdict {
  readonly scenario: string;
  readonly variant: string;
  /** Such as `≤ 1.15 × bun`. */
  readonly goal: string;
  readonly figure: number;
  readonly isMet: boolean;
}

/** Verdicts on all goals that something was measured for. */
export function judgeGoals(scenarios: readonly Scenario[], results: Results): Verdict[] {
  return scenarios.flatMap((scenario) =>
    scenario.goals.flatMap((goal) => {
      const row = results.rowOf(scenario, goal.variant);
      const figure = row && findFigure(scenario, goal, row, results);
      if (row === undefined || figure === undefined) return [];
      const isMet = figure <= goal.limit;
      return [
        { scenario: scenario.name, variant: goal.variant, goal: describeGoal(goal, row), figure, isMet },
      ];
    }),
  );
}

function findFigure(scenario: Scenario, goal: Goal, row: Row, results: Results): number | undefined {
  switch (goal.against) {
    case "absolute":
      return summaryOf(row, "antiphon")?.median;
    case "own": {
      const ours = row.cells.get("antiphon");
      const base = results.rowOf(scenario, goal.base ?? "")?.cells.get("antiphon");
      return ours && base && summarize(ratios(ours.byRound, base.byRound)).median;
    }
    default:
      return ratioTo(row, goal.against)?.median;
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
