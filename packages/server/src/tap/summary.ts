/** All connections of a run added up: ends of connections and findings in, the summary for Ctrl-C out. */
import type { Role } from "@antiphon/websocket";
import type { RoundTripStats } from "./ping-watch.ts";
import type { EndEvent, Finding, SummaryEvent, TapEvent, TrafficCounts } from "./tap-event.ts";

export class Summary {
  #connections = 0;
  readonly #traffic: Record<Role, TrafficCounts> = {
    client: { bytes: 0, frames: 0, messages: 0 },
    server: { bytes: 0, frames: 0, messages: 0 },
  };
  readonly #roundTrips: Partial<Record<Role, RoundTripStats>> = {};
  readonly #findings = new Map<string, { count: number; readonly fix: string }>();
  readonly #ends = new Map<string, number>();
  #failedEnds = 0;

  /** Whether anything was found that should be put right. */
  get hasFindings(): boolean {
    return this.#findings.size > 0 || this.#failedEnds > 0;
  }

  /** Counts what an event adds. */
  add(event: TapEvent): void {
    if (event.type === "finding") this.#addFinding(event);
    if (event.type === "frame") for (const finding of event.findings) this.#addFinding(finding);
    if (event.type === "end") this.#addEnd(event);
  }

  create(): SummaryEvent {
    return {
      type: "summary",
      connections: this.#connections,
      failedEnds: this.#failedEnds,
      traffic: this.#traffic,
      roundTrips: this.#roundTrips,
      findings: [...this.#findings]
        .map(([name, { count, fix }]) => ({ name, count, fix }))
        .sort((a, b) => b.count - a.count),
      ends: [...this.#ends].map(([how, count]) => ({ how, count })).sort((a, b) => b.count - a.count),
    };
  }

  #addFinding({ failure }: Finding): void {
    if (failure.severity === "info") return;
    const known = this.#findings.get(failure.name);
    if (known) known.count += 1;
    else this.#findings.set(failure.name, { count: 1, fix: failure.fix });
  }

  #addEnd({ verdict, traffic, roundTrips }: EndEvent): void {
    this.#connections += 1;
    if (verdict.failure !== undefined) this.#failedEnds += 1;
    const how = `by ${verdict.endedBy === "tap" ? "stopping the tap" : `the ${verdict.endedBy}`}: ${verdict.failure ?? verdict.how}`;
    this.#ends.set(how, (this.#ends.get(how) ?? 0) + 1);
    for (const side of ["client", "server"] as const) {
      this.#traffic[side] = addTraffic(this.#traffic[side], traffic[side]);
      const more = roundTrips[side];
      if (more) this.#roundTrips[side] = addRoundTrips(this.#roundTrips[side], more);
    }
  }
}

function addTraffic(a: TrafficCounts, b: TrafficCounts): TrafficCounts {
  return { bytes: a.bytes + b.bytes, frames: a.frames + b.frames, messages: a.messages + b.messages };
}

function addRoundTrips(a: RoundTripStats | undefined, b: RoundTripStats): RoundTripStats {
  if (a === undefined) return b;
  const count = a.count + b.count;
  return {
    count,
    minMs: Math.min(a.minMs, b.minMs),
    averageMs: (a.averageMs * a.count + b.averageMs * b.count) / count,
    maxMs: Math.max(a.maxMs, b.maxMs),
  };
}
