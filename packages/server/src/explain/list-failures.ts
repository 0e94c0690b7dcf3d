/** The names of the catalogues by phase, as `explain --list` and the reference show them. */
import { allFailures } from "../failures/all-failures.ts";
import { describeDefinition, type FailureText } from "./failure-text.ts";

/** All entries by phase, in the order of the catalogues. */
export function groupByPhase(): ReadonlyMap<string, readonly FailureText[]> {
  const groups = new Map<string, FailureText[]>();
  for (const [name, definition] of allFailures) {
    const group = groups.get(definition.phase) ?? [];
    groups.set(definition.phase, group);
    group.push(describeDefinition(name, definition));
  }
  return groups;
}

/** Text with a newline at the end: the names of one phase with their sentences, or of all. */
export function renderPhases(groups: ReadonlyMap<string, readonly FailureText[]>): string {
  const lines = [...groups].flatMap(([phase, failures]) => {
    const width = Math.max(...failures.map(({ name }) => name.length));
    return [phase, ...failures.map(({ name, message }) => `  ${name.padEnd(width)}  ${message}`), ""];
  });
  return lines.join("\n");
}
