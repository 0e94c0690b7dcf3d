/**
 * The metrics of several processes as one: those of the primary process and of its workers, added up, or combined in the
 * way that each metric names. What a worker had counted is kept when it ends, so that no counter goes back.
 */
import { AggregatorRegistry } from "prom-client";
import type { MetricObject, Metrics } from "./metrics.ts";

export interface MergedMetricsOptions {
  readonly own: Pick<Metrics, "readObjects">;
  /** The metrics of each worker, as they are now. */
  readonly readWorkers: () => Promise<readonly (readonly MetricObject[])[]>;
}

export class MergedMetrics implements Pick<Metrics, "formatText" | "formatJson"> {
  readonly #options: MergedMetricsOptions;
  /** Counters and histograms of workers that have ended; settles when the last of them is in it. */
  #ended: Promise<readonly MetricObject[]> = Promise.resolve([]);

  constructor(options: MergedMetricsOptions) {
    this.#options = options;
  }

  /** Keeps what a worker had counted when it was last asked. */
  keepCounts(objects: readonly MetricObject[]): void {
    const counts = objects.filter(({ type }) => isCount(type));
    this.#ended = this.#ended.then((ended) => merge([ended, counts]).getMetricsAsJSON());
  }

  async formatText(): Promise<string> {
    return (await this.#merge()).metrics();
  }

  async formatJson(): Promise<string> {
    return JSON.stringify(await (await this.#merge()).getMetricsAsJSON());
  }

  async #merge() {
    const { own, readWorkers } = this.#options;
    const [mine, workers] = await Promise.all([own.readObjects(), readWorkers()]);
    return merge([mine, ...workers, await this.#ended]);
  }
}

function merge(processes: readonly (readonly MetricObject[])[]) {
  // The types ask for arrays that may be changed; they are only read.
  return AggregatorRegistry.aggregate(processes as object[]);
}

/** Its types say an enum of numbers; the values are words. */
function isCount(type: unknown): boolean {
  return type === "counter" || type === "histogram";
}
