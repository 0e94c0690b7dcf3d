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
const labelWidth = 230;
const valueWidth = 70;
const barHeight = 11;
const titleHeight = 26;
const variantGap = 8;
const headerHeight = 78;
/** Longer bars are cut and say so. */
const maxMultiple = 8;

/** Draws what the server pays, of rows that Bun takes part in. `subtitle` says when and on what was measured. */
export function renderChart(rows: readonly Row[], subtitle: string): string {
  const drawn = rows.filter((row) => isCost(row) && summaryOf(row, "bun") !== undefined);
  const parts: string[] = [];
  let y = headerHeight;
  let title = "";
  for (const row of drawn) {
    if (row.scenario.title !== title) {
      title = row.scenario.title;
      y += titleHeight;
      parts.push(text(12, y - 8, title, { size: 12, weight: 600 }));
    }
    parts.push(text(12, y + barHeight - 1, row.variant, { size: 12, colour: "#475569" }));
    for (const contender of row.scenario.contenders) {
      const bar = renderBar(row, contender, y);
      if (bar === undefined) continue;
      parts.push(bar);
      y += barHeight + 1;
    }
    y += variantGap;
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y + 8}" font-family="system-ui, sans-serif">`,
    `<rect width="${width}" height="${y + 8}" fill="#ffffff"/>`,
    text(12, 26, "What the server pays, as a multiple of Bun: shorter is better", { size: 17 }),
    text(12, 46, subtitle, { size: 12, colour: "#64748b" }),
    ...renderLegend(66),
    ...parts,
    "</svg>\n",
  ].join("\n");
}

/** Processor time and memory; not latencies and losses, which depend on what was offered. */
function isCost({ unit }: Row): boolean {
  return unit.startsWith("µs") || unit.startsWith("KB");
}

function renderLegend(y: number): string[] {
  return (Object.keys(labels) as ContenderName[]).map((contender, index) => {
    const x = 12 + index * 150;
    return [
      `<rect x="${x}" y="${y - 10}" width="11" height="11" fill="${colours[contender]}"/>`,
      text(x + 17, y, labels[contender], { size: 12 }),
    ].join("\n");
  });
}

function renderBar(row: Row, contender: ContenderName, y: number): string | undefined {
  const summary = summaryOf(row, contender);
  const base = summaryOf(row, "bun");
  if (summary === undefined || base === undefined) return undefined;
  const multiple = summary.median / base.median;
  const isCut = multiple > maxMultiple;
  const scale = (width - labelWidth - valueWidth) / maxMultiple;
  const length = Math.max(1, Math.min(multiple, maxMultiple) * scale);
  const value = `${formatFigure(multiple)}×${isCut ? " …" : ""}`;
  return [
    `<rect x="${labelWidth}" y="${y}" width="${length.toFixed(1)}" height="${barHeight}" fill="${colours[contender]}"/>`,
    text(labelWidth + length + 6, y + barHeight - 1.5, value, { size: 10.5 }),
  ].join("\n");
}

interface TextStyle {
  readonly size: number;
  readonly colour?: string;
  readonly weight?: number;
}

function text(x: number, y: number, content: string, style: TextStyle): string {
  const escaped = content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  const { size, colour = "#0f172a", weight = 400 } = style;
  return `<text x="${x.toFixed(1)}" y="${y}" font-size="${size}" font-weight="${weight}" fill="${colour}">${escaped}</text>`;
}
