/** The process itself: memory, processor, garbage collection, and how late the event loop runs. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { collectDefaultMetrics, Gauge } from "prom-client";
import type { MetricScope } from "./metric-scope.ts";

/** Time between two looks at the loop. Node's figures hold it besides the lag. */
const resolutionMs = 10;

const quantiles = [0.5, 0.99, 1] as const;

/** Registers the figures of this process. To be called once per process: Node's monitors run from then on. */
export function registerProcess({ registry, prefix }: MetricScope): void {
  collectDefaultMetrics({ register: registry, prefix });
  const delays = monitorEventLoopDelay({ resolution: resolutionMs });
  delays.enable();
  const lag = new Gauge({
    name: `${prefix}event_loop_lag_ms`,
    help: "How late the event loop ran since the scrape before, in milliseconds; quantile 1 is the worst.",
    labelNames: ["quantile"],
    // Over several processes, the one that is latest.
    aggregator: "max",
    registers: [],
    collect() {
      for (const quantile of quantiles) {
        const delayMs = delays.percentile(quantile * 100) / 1e6;
        this.set({ quantile: String(quantile) }, Math.max(0, delayMs - resolutionMs));
      }
      delays.reset();
    },
  });
  registry.registerMetric(lag);
}
