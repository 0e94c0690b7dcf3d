/**
 * What the tap tells, as lines for a terminal: one line for each thing that passed, with the connection's number, the
 * time since its start and an arrow, and findings indented below the line that shows them.
 */
import type { Failure, Role } from "@antiphon/websocket";
import type { StyleText } from "../cli/text-style.ts";
import { escapeUnsafe } from "../cli/safe-text.ts";
import type { RoundTripStats } from "./ping-watch.ts";
import type {
  EndEvent,
  Finding,
  FrameEvent,
  HeadEvent,
  ListeningEvent,
  SummaryEvent,
  TapEvent,
} from "./tap-event.ts";

const arrows: Readonly<Record<Role, string>> = { client: "→", server: "←" };
const severityStyles = { fatal: "red", warning: "yellow", info: "cyan" } as const;
const indent = " ".repeat(16);

/** Lines with a newline at the end of each. */
export function renderEvent(event: TapEvent, style: StyleText): string {
  switch (event.type) {
    case "listening":
      return renderListening(event, style);
    case "summary":
      return renderSummary(event, style);
    case "end":
      return renderEnd(event, style);
    case "opened":
      return `${stamp(event, style)}    ${event.client} connected; ${event.target} reached after ${formatMs(event.connectMs)}\n`;
    case "request":
    case "response":
      return renderHead(event, style);
    case "note":
      return `${stamp(event, style)}    ${style("dim", event.text)}\n`;
    case "body":
      return `${stamp(event, style)} ${arrows[event.from]}  ${event.preview}\n`;
    case "finding":
      return renderFinding(event, style, `${stamp(event, style)} ${arrows[event.from]}  `);
    default:
      return renderFrame(event, style);
  }
}

function stamp(event: { readonly connection: number; readonly atMs: number }, style: StyleText): string {
  const seconds = (event.atMs / 1000).toFixed(3);
  return style("dim", `${`#${event.connection}`.padEnd(4)} ${seconds.padStart(8)}`);
}

function renderListening({ url, target }: ListeningEvent, style: StyleText): string {
  return `${style("bold", "antiphon tap")}  ${url}  →  ${target}\nPoint the client at ${style("bold", url)}; Ctrl-C prints a summary.\n\n`;
}

function renderHead(event: HeadEvent, style: StyleText): string {
  const first = `${stamp(event, style)} ${arrows[event.from]}  ${style("bold", event.line)}\n`;
  const lines = event.headers.map(([name, value]) => `${indent}  ${style("dim", `${name}:`)} ${value}\n`);
  const rest =
    event.otherHeaders === 0 ? "" : `${indent}  ${style("dim", `and ${event.otherHeaders} more`)}\n`;
  return `${first}${lines.join("")}${rest}`;
}

function renderFrame(event: FrameEvent, style: StyleText): string {
  const { from, opcode, findings } = event;
  const isFaulty = findings.some(({ failure }) => failure.severity === "fatal");
  const name = style(isFaulty ? "red" : from === "client" ? "cyan" : "green", opcode.padEnd(12));
  const parts = [`${stamp(event, style)} ${arrows[from]}  ${name}`, describeBits(event), describeSize(event)];
  const words = [describeMeaning(event), event.preview].filter((word) => word !== undefined && word !== "");
  const line = `${parts.join("  ")}  ${words.join("  ")}`.trimEnd();
  return `${line}\n${findings.map((finding) => renderFinding(finding, style, indent)).join("")}`;
}

function describeBits({ fin, rsv1, masked, predictableKey }: FrameEvent): string {
  const bits = [fin ? "fin" : "", rsv1 ? "rsv1" : "", masked ? "mask" : ""].filter((bit) => bit !== "");
  if (predictableKey !== undefined) bits.push(`key ${predictableKey}`);
  return bits.join(" ").padEnd(13);
}

function describeSize({ payloadBytes, message }: FrameEvent): string {
  const own = formatBytes(payloadBytes);
  if (message === undefined) return own.padStart(9);
  const inflated = message.plainBytes === undefined ? "not inflated" : formatBytes(message.plainBytes);
  const plain = message.isCompressed ? ` → ${inflated}` : "";
  const joined =
    message.frames > 1 ? ` (${message.frames} frames, ${formatBytes(message.wireBytes)}${plain})` : plain;
  return `${own.padStart(9)}${joined}`;
}

function describeMeaning({ event, close, rttMs }: FrameEvent): string | undefined {
  if (event) return [event.name, event.channel, event.detail].filter((word) => word !== undefined).join(" ");
  if (close) {
    if (close.code === undefined) return "without a code";
    return `${close.code} (${close.name ?? ""})${close.reason === "" ? "" : ` "${close.reason}"`}`;
  }
  return rttMs === undefined ? undefined : `answers after ${formatMs(rttMs)}`;
}

function renderFinding({ failure, isRepeated }: Finding, style: StyleText, start: string): string {
  const head = `${start}${style(severityStyles[failure.severity], `! ${failure.name}`)}`;
  if (isRepeated) return `${head} ${style("dim", "again")}\n`;
  return `${head}  ${describeFault(failure)}: ${escapeUnsafe(failure.message)}\n${indent}  ${style("dim", failure.fix)}\n`;
}

function describeFault({ faults, certainty, spec }: Failure): string {
  return `${faults.join(" or ")}${certainty === "likely" ? ", likely" : ""}; ${spec}`;
}

function renderEnd(event: EndEvent, style: StyleText): string {
  const { verdict, traffic, roundTrips, findings } = event;
  const name =
    verdict.failure === undefined
      ? ""
      : ` [${verdict.failure}${verdict.certainty === "likely" ? ", likely" : ""}]`;
  const lines = [
    `${stamp(event, style)}    ${style("bold", "end:")} ${escapeUnsafe(verdict.message)}${name}\n`,
  ];
  if (verdict.fix !== undefined) lines.push(`${indent}  ${style("dim", verdict.fix)}\n`);
  lines.push(...renderTraffic(traffic, roundTrips).map((line) => `${indent}  ${line}\n`));
  if (findings > 0) lines.push(`${indent}  findings: ${findings}\n`);
  return lines.join("");
}

function renderTraffic(traffic: EndEvent["traffic"], roundTrips: EndEvent["roundTrips"]): string[] {
  return (["client", "server"] as const).map((side) => {
    const { bytes, frames, messages } = traffic[side];
    const rtt = roundTrips[side];
    const pings = rtt === undefined ? "" : `; it answered ${formatRoundTrips(rtt)}`;
    return `${arrows[side]} from the ${side}: ${formatBytes(bytes)}, frames: ${frames}, messages: ${messages}${pings}`;
  });
}

function formatRoundTrips({ count, minMs, averageMs, maxMs }: RoundTripStats): string {
  const times = `min ${formatMs(minMs)}, mean ${formatMs(averageMs)}, max ${formatMs(maxMs)}`;
  return `${count === 1 ? "1 ping" : `${count} pings`} (${times})`;
}

function renderSummary(
  { connections, failedEnds, traffic, roundTrips, findings, ends }: SummaryEvent,
  style: StyleText,
): string {
  const lines = ["", `${style("bold", "summary:")} connections: ${connections}`];
  lines.push(...renderTraffic(traffic, roundTrips).map((line) => `  ${line}`));
  for (const { how, count } of ends) lines.push(`  ended ${count} ×  ${how}`);
  for (const { name, count, fix } of findings) {
    lines.push(`  found ${count} ×  ${style("yellow", name)}  ${style("dim", fix)}`);
  }
  if (findings.length === 0 && failedEnds === 0) lines.push(`  ${style("green", "nothing wrong was found")}`);
  return `${lines.join("\n")}\n`;
}

function formatMs(ms: number): string {
  if (ms >= 10_000) return `${(ms / 1000).toFixed(1)} s`;
  return ms >= 100 ? `${Math.round(ms)} ms` : `${ms.toFixed(1)} ms`;
}

/** Exact below 100,000 bytes, where every byte may matter. */
function formatBytes(bytes: number): string {
  if (bytes < 100_000) return `${bytes} B`;
  const [divisor, unit] = bytes < 1e6 ? [1e3, "kB"] : bytes < 1e9 ? [1e6, "MB"] : [1e9, "GB"];
  return `${(bytes / divisor).toFixed(1)} ${unit}`;
}
