/** The schedule: round by round, scenario by scenario, contenders in turn, until all is measured or time is up. */
import type { ContenderName } from "./contenders.ts";
import { readMachineCpuMs } from "./processes/process-usage.ts";
import { Results } from "./report/results.ts";
import type { Effort, Scenario } from "./scenarios/scenario.ts";

export interface RunPlan {
  readonly scenarios: readonly Scenario[];
  readonly contenders: readonly ContenderName[];
  readonly rounds: number;
  readonly effort: Effort;
  /** No measurement begins after this time. */
  readonly maxMinutes: number;
  /** Ends the run after the measurement that is under way. */
  readonly signal: AbortSignal;
  onProgress(text: string): void;
}

export async function runRounds(plan: RunPlan): Promise<Results> {
  const results = new Results();
  const startedAt = performance.now();
  const minutes = (): number => (performance.now() - startedAt) / 60_000;
  for (let round = 1; round <= plan.rounds; round += 1) {
    const minutesARound = minutes() / (round - 1);
    const left =
      round === 1
        ? ""
        : `, ${Math.ceil(minutesARound * (plan.rounds - round + 1))} min from the round's start`;
    for (const scenario of plan.scenarios) {
      for (const contender of takeTurns(scenario, plan.contenders, round)) {
        if (plan.signal.aborted || minutes() > plan.maxMinutes) {
          plan.onProgress("stopped early: the rest is not measured");
          return results;
        }
        plan.onProgress(`round ${round}/${plan.rounds}  ${scenario.name}  ${contender}${left}`);
        await measureOne(scenario, contender, round, plan.effort, results);
      }
    }
  }
  return results;
}

async function measureOne(
  scenario: Scenario,
  contender: ContenderName,
  round: number,
  effort: Effort,
  results: Results,
): Promise<void> {
  const before = readMachineCpuMs();
  const startedAt = performance.now();
  try {
    const samples = await scenario.measure(contender, effort);
    const after = readMachineCpuMs();
    const foreignMs = after.allMs - before.allMs - (after.ownMs - before.ownMs);
    const foreignCores = Math.max(0, foreignMs / (performance.now() - startedAt));
    results.add(scenario, contender, round, samples, foreignCores);
  } catch (error) {
    // One contender that cannot must not cost the figures of all others; the report lists it.
    const problem = error instanceof Error ? error.message : String(error);
    results.missed.push({ scenario: scenario.name, contender, round, problem });
  }
}

/** Each round begins with another contender, so that none always runs on a machine that the one before has heated. */
function takeTurns(
  { contenders }: Scenario,
  wanted: readonly ContenderName[],
  round: number,
): readonly ContenderName[] {
  const present = contenders.filter((contender) => wanted.includes(contender));
  const first = (round - 1) % Math.max(1, present.length);
  return [...present.slice(first), ...present.slice(0, first)];
}
