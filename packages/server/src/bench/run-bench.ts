/** The run of `antiphon bench`: opens the connections, sends at a fixed rate, waits for the rest, and reports. */
import { setMaxListeners } from "node:events";
import type { WebSocketClient } from "@antiphon/websocket";
import { doctorFailures } from "../failures/doctor-failures.ts";
import { openBenchClient } from "./bench-client.ts";
import { answerTimeoutMs, type BenchPlan } from "./bench-plan.ts";
import { type BenchReport, listFailures, summarizeLatency } from "./bench-report.ts";
import { EventPublisher } from "./event-publisher.ts";
import { FailureTally } from "./failure-tally.ts";
import { LatencyHistogram } from "./latency-histogram.ts";
import { runPaced } from "./paced-loop.ts";
import { StampedData } from "./stamped-data.ts";

/** What can be shown while it runs. */
export interface BenchProgress {
  readonly phase: "connecting" | "sending" | "waiting";
  readonly opened: number;
  readonly sent: number;
  readonly received: number;
}

/** Runs a benchmark. Rejects only for defects; whatever the server does is in the report. */
export function runBench(
  plan: BenchPlan,
  onProgress: (progress: BenchProgress) => void,
): Promise<BenchReport> {
  // Every connection listens to it while it opens.
  setMaxListeners(0, plan.signal);
  return new BenchRun(plan, onProgress).run();
}

const progressMs = 500;
const pollMs = 20;

class BenchRun {
  readonly #plan: BenchPlan;
  readonly #onProgress: (progress: BenchProgress) => void;
  readonly #failures = new FailureTally();
  readonly #openings = new LatencyHistogram();
  readonly #latencies = new LatencyHistogram();
  readonly #clients: WebSocketClient[] = [];
  readonly #data: StampedData;
  #phase: BenchProgress["phase"] = "connecting";
  #lost = 0;
  #sent = 0;
  #isEnding = false;

  constructor(plan: BenchPlan, onProgress: (progress: BenchProgress) => void) {
    this.#plan = plan;
    this.#onProgress = onProgress;
    this.#data = new StampedData(Math.random().toString(36).slice(2, 10), plan.bytes);
  }

  async run(): Promise<BenchReport> {
    const timer = setInterval(() => this.#tellProgress(), progressMs);
    try {
      const connectMs = await this.#connectAll();
      this.#tellProgress();
      const { expected, sendMs, ownCpuShare } = await this.#exchange();
      const received = this.#latencies.count;
      const missing = expected - received;
      if (missing > 0 && this.#lost === 0 && !this.#plan.signal.aborted) {
        const evidence = { waitedMs: answerTimeoutMs };
        this.#failures.add(doctorFailures.create("published-event-not-delivered", evidence), missing);
      }
      return {
        connections: {
          wanted: this.#plan.connections,
          opened: this.#openings.count,
          perSecond: this.#openings.count / (connectMs / 1000),
          opening: summarizeLatency(this.#openings),
        },
        messages: {
          sent: this.#sent,
          expected,
          received,
          receivedPerSecond: sendMs === 0 ? 0 : received / (sendMs / 1000),
          latency: summarizeLatency(this.#latencies),
        },
        failures: listFailures(this.#failures.all),
        ownCpuShare,
      };
    } finally {
      clearInterval(timer);
      await this.#closeAll();
    }
  }

  /** Returns how long it took, in milliseconds. */
  async #connectAll(): Promise<number> {
    const { connections, concurrency, signal } = this.#plan;
    const startedAt = performance.now();
    let remaining = connections;
    const openSome = async (): Promise<void> => {
      while (remaining > 0 && !signal.aborted) {
        remaining -= 1;
        await this.#openOne();
      }
    };
    await Promise.all(Array.from({ length: Math.min(concurrency, connections) }, openSome));
    return performance.now() - startedAt;
  }

  async #openOne(): Promise<void> {
    const startedAt = performance.now();
    const opened = await openBenchClient(this.#plan, {
      message: (text) => this.#take(text),
      lost: (failure) => {
        if (this.#isEnding) return;
        this.#lost += 1;
        this.#failures.add(failure);
      },
    });
    if (opened.ok) {
      this.#openings.record(performance.now() - startedAt);
      this.#clients.push(opened.client);
    } else if (!this.#plan.signal.aborted) {
      this.#failures.add(opened.failure);
    }
  }

  #take(text: string): void {
    const dueMs = this.#data.read(text);
    if (dueMs !== undefined) this.#latencies.record(performance.now() - dueMs);
  }

  /** Sends for the whole time, and waits for what is under way. */
  async #exchange(): Promise<{ expected: number; sendMs: number; ownCpuShare: number }> {
    const { target, perSecond, durationMs, signal } = this.#plan;
    const nothing = { expected: 0, sendMs: 0, ownCpuShare: 0 };
    if (this.#clients.length === 0 || signal.aborted) return nothing;
    this.#phase = "sending";
    const cpuBefore = process.cpuUsage();
    const startedAt = performance.now();
    const publisher =
      "echoUrl" in target || target.secret === ""
        ? undefined
        : new EventPublisher(target, this.#plan, this.#failures);
    const canSend = "echoUrl" in target || publisher !== undefined;
    await runPaced({
      perSecond: canSend ? perSecond : 0,
      durationMs,
      signal,
      call: (dueMs, index) => {
        this.#sent += 1;
        if (publisher) publisher.send(this.#data.format(dueMs));
        else this.#clients[index % this.#clients.length]?.send(this.#data.format(dueMs));
      },
    });
    const sendMs = performance.now() - startedAt;
    this.#phase = "waiting";
    await publisher?.finish();
    const expected = publisher ? publisher.accepted * this.#clients.length : this.#sent;
    const { user, system } = process.cpuUsage(cpuBefore);
    await this.#waitFor(expected);
    return { expected, sendMs, ownCpuShare: (user + system) / 1000 / sendMs };
  }

  /** Waits for messages that are under way; where connections were lost, some never come. */
  async #waitFor(expected: number): Promise<void> {
    const deadline = performance.now() + answerTimeoutMs;
    while (this.#latencies.count < expected && performance.now() < deadline) {
      if (this.#lost > 0 || this.#plan.signal.aborted) return;
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  }

  async #closeAll(): Promise<void> {
    this.#isEnding = true;
    await Promise.all(this.#clients.map((client) => client.close(1000)));
  }

  #tellProgress(): void {
    this.#onProgress({
      phase: this.#phase,
      opened: this.#openings.count,
      sent: this.#sent,
      received: this.#latencies.count,
    });
  }
}
