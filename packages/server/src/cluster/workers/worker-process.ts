/**
 * One worker as the primary process sees it: forked, told what to do, and asked for its metrics. Ends once; another one in
 * its place is another object.
 */
import cluster, { type Worker } from "node:cluster";
import { fileURLToPath } from "node:url";
import type { Listening } from "../../antiphon-server.ts";
import type { Config } from "../../config/load-config.ts";
import type { MetricObject } from "../../metrics/metrics.ts";
import type { WorkerError, WorkerOrder, WorkerReport } from "./worker-message.ts";

/** Where a worker's program is, beside this one in `dist`. */
const program = fileURLToPath(new URL("../../cli/worker-main.js", import.meta.url));

/** What a worker is started with. */
export type WorkerStart = Omit<Extract<WorkerOrder, { type: "start" }>, "type" | "worker">;

/** How a worker ended. */
export interface WorkerEnding {
  /** It was told to, or said that it would. */
  readonly expected: boolean;
  /** For people: `exit code 1`, `SIGKILL`. */
  readonly description: string;
}

/** A worker that does not answer a question about its metrics in this time is left out. */
const metricsTimeoutMs = 2000;

export class WorkerProcess {
  readonly number: number;
  readonly ended: Promise<WorkerEnding>;
  readonly #worker: Worker;
  readonly #waits: Promise<unknown>;
  /** Waiters for the answers to questions, by the type of the answer. */
  readonly #waiting = new Map<WorkerReport["type"], ((report: WorkerReport) => void)[]>();
  #lastMetrics: readonly MetricObject[] = [];
  #isLeaving = false;

  /** Forks it; it loads its program, and waits. */
  constructor(number: number) {
    this.number = number;
    cluster.schedulingPolicy = cluster.SCHED_NONE;
    cluster.setupPrimary({ exec: program, args: [] });
    this.#worker = cluster.fork();
    this.#worker.on("message", (report: WorkerReport) => this.#receive(report));
    // A message to a worker that has just died: its end is told by its exit.
    this.#worker.on("error", () => undefined);
    this.ended = new Promise((resolve) => {
      this.#worker.once("exit", (code: number | null, signal: string | null) => {
        resolve({ expected: this.#isLeaving, description: signal ?? `exit code ${code}` });
      });
    });
    this.#waits = this.#wait("waiting");
  }

  get pid(): number | undefined {
    return this.#worker.process.pid;
  }

  /** What it had counted when it was last asked. */
  get lastMetrics(): readonly MetricObject[] {
    return this.#lastMetrics;
  }

  /** Has it serve. Rejects if it cannot listen, or ends before it does. */
  async start(start: WorkerStart): Promise<Listening> {
    const order = { type: "start", worker: this.number, ...start } as const;
    const report = await Promise.race([
      this.#waits.then(() => this.#ask(order, "listening", "failed")),
      this.ended,
    ]);
    if ("type" in report && report.type === "listening") return report.listening;
    if ("type" in report && report.type === "failed") throw toError(report.error);
    const description = "description" in report ? report.description : "no reason given";
    throw new Error(`worker ${this.number} ended before it listened: ${description}`);
  }

  /** Resolves once the worker has taken over the configuration, or has ended. */
  async reload(config: Config): Promise<void> {
    await Promise.race([this.#ask({ type: "reload", config }, "reloaded"), this.ended]);
  }

  async readMetrics(): Promise<readonly MetricObject[]> {
    const timeout = new Promise((resolve) => {
      setTimeout(resolve, metricsTimeoutMs).unref();
    });
    await Promise.race([this.#ask({ type: "read-metrics" }, "metrics"), timeout, this.ended]);
    return this.#lastMetrics;
  }

  /** Has it drain its connections and end. */
  stop(reason: string): void {
    this.#isLeaving = true;
    this.#send({ type: "stop", reason });
  }

  kill(): void {
    this.#isLeaving = true;
    this.#worker.process.kill("SIGKILL");
  }

  #ask(order: WorkerOrder, ...answers: WorkerReport["type"][]): Promise<WorkerReport> {
    this.#send(order);
    return Promise.race(answers.map((answer) => this.#wait(answer)));
  }

  #wait(type: WorkerReport["type"]): Promise<WorkerReport> {
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(type);
      if (waiting) waiting.push(resolve);
      else this.#waiting.set(type, [resolve]);
    });
  }

  #receive(report: WorkerReport): void {
    if (report.type === "metrics") this.#lastMetrics = report.metrics;
    if (report.type === "leaving") this.#isLeaving = true;
    const waiting = this.#waiting.get(report.type) ?? [];
    this.#waiting.delete(report.type);
    for (const resolve of waiting) resolve(report);
  }

  #send(order: WorkerOrder): void {
    if (this.#worker.isConnected()) this.#worker.send(order);
  }
}

/** Node's error again, as `explainListenError` reads it. */
function toError({ message, ...fields }: WorkerError): Error {
  return Object.assign(new Error(message), fields);
}
