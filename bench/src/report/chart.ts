/** The chart of the documentation: for each scenario the cost of the peers and ours, as multiples of Bun's. Plain SVG. */
import type { ContenderName } from "../contenders.ts";
import { type Row, summaryOf } from "./results.ts";
import { formatFigure } from "./text-report.ts";

const colours: Record<ContenderName, string> = {
  antiphon: "#c2410c",
  ws: "#64748b",
  bun: "#94a3b8",
  "socket.io": "#cbd5e1",
};
const labels: Record<ContenderName, string> = {
  antiphon: "Antiphon",
  ws: "ws",
  bun: "Bun (uWebSockets)",
  "socket.io": "Socket.IO",
};
const width = 860;
const labelWidth = 330;
const valueWidth = 170;
const barHeight = 13;
const rowGap = 16;
const headerHeight = 64;
/** Longer bars are cut and say so. */
const maxMultiple = 8;

/** Draws rows that Bun takes part in. `subtitle` says when and on what was measured. */
export function renderChart(rows: readonly Row[], subtitle: string): string {
  const drawn = rows.filter((row) => summaryOf(row, "bun") !== undefined);
  const parts: string[] = [];
  let y = headerHeight;
  for (const row of drawn) {
    parts.push(text(12, y + barHeight, row.scenario.title, { size: 11, colour: "#64748b" }));
    parts.push(text(12, y + 2 * barHeight + 2, row.variant, { size: 13 }));
    for (const contender of row.scenario.contenders) {
      const bar = renderBar(row, contender, y);
      if (bar === undefined) continue;
      parts.push(bar);
      y += barHeight + 2;
    }
    y += rowGap;
  }
  const title = text(12, 26, "Cost on the server, as a multiple of Bun: shorter is better", { size: 17 });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y + 8}" font-family="system-ui, sans-serif">`,
    `<rect width="${width}" height="${y + 8}" fill="#ffffff"/>`,
    title,
    text(12, 46, subtitle, { size: 12, colour: "#64748b" }),
    ...parts,
    "</svg>\n",
  ].join("\n");
}

function renderBar(row: Row, contender: ContenderName, y: number): string | undefined {
  const summary = summaryOf(row, contender);
  const base = summaryOf(row, "bun");
  if (summary === undefined || base === undefined) return undefined;
  const multiple = summary.median / base.median;
  const isCut = multiple > maxMultiple;
  const scale = (width - labelWidth - valueWidth) / maxMultiple;
  const length = Math.max(1, Math.min(multiple, maxMultiple) * scale);
  const value = `${labels[contender]} ${formatFigure(multiple)}×${isCut ? " …" : ""}`;
  return [
    `<rect x="${labelWidth}" y="${y}" width="${length.toFixed(1)}" height="${barHeight}" fill="${colours[contender]}"/>`,
    text(labelWidth + length + 6, y + barHeight - 2, value, { size: 11 }),
  ].join("\n");
}

function text(x: number, y: number, content: string, style: { size: number; colour?: string }): string {
  const escaped = content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  const { size, colour = "#0f172a" } = style;
  return `<text x="${x.toFixed(1)}" y="${y}" font-size="${size}" fill="${colour}">${escaped}</text>`;
}
