/** What a benchmark found: the value that `--json` prints, and its text for people. */
import type { TalliedFailure } from "./failure-tally.ts";
import type { LatencyHistogram } from "./latency-histogram.ts";

export interface LatencySummary {
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface BenchReport {
  readonly connections: {
    readonly wanted: number;
    readonly opened: number;
    readonly perSecond: number;
    /** From the first byte of DNS or TCP to the answer to the subscription. */
    readonly opening: LatencySummary | undefined;
  };
  readonly messages: {
    /** Publishes, or messages to an echo server. */
    readonly sent: number;
    /** Deliveries, or echoes. */
    readonly expected: number;
    readonly received: number;
    readonly receivedPerSecond: number;
    /** From the time a message was due until it arrived. */
    readonly latency: LatencySummary | undefined;
  };
  /** The most frequent first. */
  readonly failures: readonly { name: string; count: number; message: string; fix: string }[];
  /** Share of one core that this program itself used while messages flowed. */
  readonly ownCpuShare: number;
}

/** Above this share, what was measured is rather this program than the server. */
const busyShare = 0.85;

export function summarizeLatency(histogram: LatencyHistogram): LatencySummary | undefined {
  const [p50Ms, p90Ms, p99Ms] = [0.5, 0.9, 0.99].map((share) => histogram.percentileMs(share));
  if (p50Ms === undefined || p90Ms === undefined || p99Ms === undefined) return undefined;
  return { p50Ms, p90Ms, p99Ms, maxMs: histogram.maxMs };
}

export function listFailures(tallied: readonly TalliedFailure[]): BenchReport["failures"] {
  return tallied.map(({ example: { name, message, fix }, count }) => ({ name, count, message, fix }));
}

/** Text with a newline at the end. */
export function renderBenchReport({ connections, messages, failures, ownCpuShare }: BenchReport): string {
  const lines = [
    row("connections", `${connections.opened} of ${connections.wanted}, ${round(connections.perSecond)}/s`),
    row("  opening", formatLatency(connections.opening)),
  ];
  if (messages.expected > 0) {
    lines.push(
      row("sent", String(messages.sent)),
      row("received", `${messages.received} of ${messages.expected}, ${round(messages.receivedPerSecond)}/s`),
      row("  latency", formatLatency(messages.latency)),
    );
  }
  for (const { name, count, message, fix } of failures) {
    lines.push(row("failed", `${count} × ${name}`), `${" ".repeat(labelWidth)}${message} ${fix}`);
  }
  if (ownCpuShare > busyShare) {
    lines.push(
      `This program used ${Math.round(ownCpuShare * 100)} % of a core: the figures may be its own. Lower --rate or ` +
        "--connections, or run several at once.",
    );
  }
  return `${lines.join("\n")}\n`;
}

const labelWidth = 14;

function row(label: string, text: string): string {
  return `${label.padEnd(labelWidth)}${text}`;
}

function formatLatency(latency: LatencySummary | undefined): string {
  if (latency === undefined) return "–";
  const { p50Ms, p90Ms, p99Ms, maxMs } = latency;
  return `p50 ${round(p50Ms)} ms, p90 ${round(p90Ms)} ms, p99 ${round(p99Ms)} ms, max ${round(maxMs)} ms`;
}

/** Three digits that mean something. */
function round(value: number): string {
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}
