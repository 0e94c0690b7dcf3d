/** Rows of text in columns, for people. */
import { escapeUnsafe } from "./safe-text.ts";

/** A line for the titles and one for each row, the columns as wide as they need; unsafe characters are escaped. */
export function renderTable(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [titles, ...rows.map((row) => row.map(escapeUnsafe))];
  const widths = titles.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map(
      (line) =>
        `${line
          .map((text, column) => text.padEnd(widths[column] ?? 0))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}
