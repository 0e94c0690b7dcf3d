/**
 * Writes failures to the log: what is the operator's to mend as warnings, what clients did as information. A flood of one
 * kind is cut to a few entries and a count, so that one broken client cannot fill a disk.
 */
import type { Failure, Fault } from "@antiphon/websocket";
import type { Logger } from "pino";

const windowMs = 10_000;
const maxPerWindow = 10;

const ours: ReadonlySet<Fault> = new Set<Fault>(["server", "operator", "application", "proxy"]);

interface Flood {
  readonly startedAt: number;
  count: number;
}

export class FailureLog {
  readonly #logger: Logger;
  readonly #now: () => number;
  readonly #floods = new Map<string, Flood>();

  /** @param now monotonic milliseconds. */
  constructor(logger: Logger, now: () => number = () => performance.now()) {
    this.#logger = logger;
    this.#now = now;
  }

  /** `context` says what the failure is about; `cause` is an exception behind it. */
  write(failure: Failure, context: Readonly<Record<string, unknown>>, cause?: unknown): void {
    if (!this.#admit(failure.name)) return;
    const { name, evidence, fix, faults, certainty, message } = failure;
    const entry = { failure: name, fault: faults.join(" or "), certainty, evidence, fix, ...context };
    this.#logger[levelOf(failure)](cause === undefined ? entry : { ...entry, err: cause }, message);
  }

  #admit(name: string): boolean {
    const now = this.#now();
    const flood = this.#floods.get(name);
    if (flood === undefined || now - flood.startedAt > windowMs) {
      const left = (flood?.count ?? 0) - maxPerWindow;
      if (left > 0)
        this.#logger.warn({ failure: name, count: left }, "more failures of this kind were not logged");
      this.#floods.set(name, { startedAt: now, count: 1 });
      return true;
    }
    flood.count += 1;
    return flood.count <= maxPerWindow;
  }
}

function levelOf({ severity, faults }: Failure): "debug" | "info" | "warn" {
  if (severity === "info") return "debug";
  return severity === "fatal" && ours.has(faults[0]) ? "warn" : "info";
}
