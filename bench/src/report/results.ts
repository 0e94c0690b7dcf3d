/** Everything that a run has measured, by scenario, variant and contender; the tables, the JSON and the chart read it. */
import type { ContenderName } from "../contenders.ts";
import type { Sample, Scenario } from "../scenarios/scenario.ts";
import { ratios, type Summary, summarize } from "./statistics.ts";

/** One line of the report. */
export interface Row {
  readonly scenario: Scenario;
  readonly variant: string;
  readonly unit: string;
  readonly cells: ReadonlyMap<ContenderName, Cell>;
}

/** One contender's figures in one row. */
export interface Cell {
  readonly byRound: Map<number, number>;
  readonly serverShares: number[];
  readonly loadShares: number[];
  /** Cores that others on the machine used meanwhile. */
  readonly foreignCores: number[];
}

export interface MissedMeasurement {
  readonly scenario: string;
  readonly contender: ContenderName;
  readonly round: number;
  readonly problem: string;
}

export class Results {
  readonly #rows = new Map<string, Row & { readonly cells: Map<ContenderName, Cell> }>();
  readonly missed: MissedMeasurement[] = [];

  add(
    scenario: Scenario,
    contender: ContenderName,
    round: number,
    samples: readonly Sample[],
    foreignCores: number,
  ): void {
    for (const { variant, unit, value, serverShare, loadShare } of samples) {
      const id = `${scenario.name}/${variant}`;
      const row = this.#rows.get(id) ?? { scenario, variant, unit, cells: new Map<ContenderName, Cell>() };
      this.#rows.set(id, row);
      const fresh: Cell = { byRound: new Map(), serverShares: [], loadShares: [], foreignCores: [] };
      const cell = row.cells.get(contender) ?? fresh;
      row.cells.set(contender, cell);
      cell.byRound.set(round, value);
      cell.foreignCores.push(foreignCores);
      if (serverShare !== undefined) cell.serverShares.push(serverShare);
      if (loadShare !== undefined) cell.loadShares.push(loadShare);
    }
  }

  get rows(): readonly Row[] {
    return [...this.#rows.values()];
  }

  rowOf(scenario: Scenario, variant: string): Row | undefined {
    return this.#rows.get(`${scenario.name}/${variant}`);
  }
}

export function summaryOf(row: Row, contender: ContenderName): Summary | undefined {
  const cell = row.cells.get(contender);
  return cell && summarize([...cell.byRound.values()]);
}

/** How many times the figure of `other` ours is. */
export function ratioTo(row: Row, other: ContenderName): Summary | undefined {
  const ours = row.cells.get("antiphon");
  const theirs = row.cells.get(other);
  if (ours === undefined || theirs === undefined) return undefined;
  const all = ratios(ours.byRound, theirs.byRound);
  return all.length === 0 ? undefined : summarize(all);
}

/** Cores that others on the machine used while this row was measured; the median of all its samples. */
export function foreignCoresOf({ cells }: Row): number {
  return summarize([...cells.values()].flatMap(({ foreignCores }) => foreignCores)).median;
}
