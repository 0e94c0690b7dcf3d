/**
 * Keeps the workers of a server running: starts them, puts another one in the place of each that ends, with a growing pause
 * if it ends soon, and stops them all. Used by the primary process.
 */
import type { Failure } from "@antiphon/websocket";
import type { Logger } from "pino";
import type { Listening } from "../../antiphon-server.ts";
import type { Config } from "../../config/load-config.ts";
import { clusterFailures } from "../../failures/cluster-failures.ts";
import type { MetricObject } from "../../metrics/metrics.ts";
import { canReusePort, checkPortIsFree } from "./port-sharing.ts";
import { WorkerProcess } from "./worker-process.ts";

export interface SupervisorOptions {
  readonly count: number;
  readonly config: Config;
  /** Where the bus listens; left out, each worker is a node of a distributed cluster. */
  readonly busPath?: string;
  readonly logger: Logger;
  readonly report: (failure: Failure) => void;
  /** Told of a worker's end, with what it had counted when it was last asked. */
  readonly onEnded: (lastMetrics: readonly MetricObject[]) => void;
}

/** The pause before a worker is replaced, doubled each time up to the longest. */
const firstPauseMs = 100;
const longestPauseMs = 10_000;
/** A worker that ran so long ended for a new reason. */
const steadyAfterMs = 30_000;

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #reusePort = canReusePort();
  readonly #running = new Set<WorkerProcess>();
  /** Those that listen. */
  readonly #ready = new Set<WorkerProcess>();
  readonly #pauses = new Set<NodeJS.Timeout>();
  /** What the next worker is started with. */
  #config: Config;
  #stopping = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#config = options.config;
  }

  /** Workers that listen. */
  get readyCount(): number {
    return this.#ready.size;
  }

  /** Starts all; the first one finds the port. Rejects with Node's error if one cannot listen; none runs then. */
  async start(): Promise<Listening> {
    const { count, config } = this.#options;
    const { host, port } = config.server;
    try {
      if (this.#reusePort && port !== 0) await checkPortIsFree(host, port);
      // They load their program at the same time, and begin to listen one after the other.
      const [first, ...others] = Array.from({ length: count }, (_, index) => this.#fork(index + 1, 0));
      if (first === undefined) throw new TypeError("a server of no workers serves nobody");
      const listening = await this.#begin(first);
      // Who shares a handle has to ask for the same port, were it any; who does not has to ask for the one that was found.
      if (this.#reusePort) this.#config = { ...config, server: { ...config.server, port: listening.port } };
      await Promise.all(others.map((worker) => this.#begin(worker)));
      return listening;
    } catch (error) {
      this.#endReplacing();
      await Promise.all([...this.#running].map((worker) => this.#kill(worker)));
      throw error;
    }
  }

  /** Resolves once all have taken the configuration over; workers to come start with it. */
  async reload(config: Config): Promise<void> {
    this.#config = config;
    await Promise.all([...this.#running].map((worker) => worker.reload(config)));
  }

  /** The configuration that workers are started with. */
  get config(): Config {
    return this.#config;
  }

  /** The metrics of each worker. */
  readMetrics(): Promise<readonly (readonly MetricObject[])[]> {
    return Promise.all([...this.#running].map((worker) => worker.readMetrics()));
  }

  /** Has all drain and end; one that has not after the deadline is killed. */
  async stop(reason: string, deadlineMs: number): Promise<void> {
    this.#endReplacing();
    await Promise.all(
      [...this.#running].map(async (worker) => {
        worker.stop(reason);
        const deadline = setTimeout(() => {
          const evidence = { worker: worker.number, waitedMs: deadlineMs };
          this.#options.report(clusterFailures.create("cluster-worker-stuck", evidence));
          worker.kill();
        }, deadlineMs);
        await worker.ended;
        clearTimeout(deadline);
      }),
    );
  }

  #endReplacing(): void {
    this.#stopping = true;
    for (const pause of this.#pauses) clearTimeout(pause);
  }

  /** Makes a worker, and sees to its successor. */
  #fork(number: number, pauseMs: number): WorkerProcess {
    const worker = new WorkerProcess(number);
    this.#running.add(worker);
    void this.#succeed(worker, performance.now(), pauseMs);
    return worker;
  }

  /** Has a worker serve. Resolves when it listens. */
  async #begin(worker: WorkerProcess): Promise<Listening> {
    const { busPath, logger } = this.#options;
    const listening = await worker.start({
      config: this.#config,
      ...(busPath !== undefined && { busPath }),
      reusePort: this.#reusePort,
    });
    this.#ready.add(worker);
    logger.info({ worker: worker.number, pid: worker.pid }, "worker listening");
    return listening;
  }

  /** Waits for the end of a worker, and puts another in its place. */
  async #succeed(worker: WorkerProcess, startedAt: number, pauseMs: number): Promise<void> {
    const { expected, description } = await worker.ended;
    this.#running.delete(worker);
    this.#ready.delete(worker);
    this.#options.onEnded(worker.lastMetrics);
    if (this.#stopping) return;
    const isSteady = performance.now() - startedAt > steadyAfterMs;
    const nextMs = isSteady || pauseMs === 0 ? firstPauseMs : Math.min(2 * pauseMs, longestPauseMs);
    this.#replace(worker.number, expected ? 0 : nextMs, description);
  }

  #replace(number: number, pauseMs: number, ending: string): void {
    const { logger, report } = this.#options;
    if (pauseMs === 0) logger.info({ worker: number }, "worker left; another takes its place");
    else
      report(clusterFailures.create("cluster-worker-lost", { worker: number, ending, restartMs: pauseMs }));
    const pause = setTimeout(() => {
      this.#pauses.delete(pause);
      this.#begin(this.#fork(number, pauseMs)).catch((error: unknown) => {
        logger.error({ worker: number, err: error }, "worker could not be replaced");
      });
    }, pauseMs);
    this.#pauses.add(pause);
  }

  async #kill(worker: WorkerProcess): Promise<void> {
    worker.kill();
    await worker.ended;
  }
}
