import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { describe, expect, it } from "vitest";
import { MergedMetrics } from "./merged-metrics.ts";
import type { MetricObject } from "./metrics.ts";

/** The metrics of a process with this many messages, clients and channels. */
function readProcess(messages: number, clients: number, channels: number): Promise<MetricObject[]> {
  const registers = [new Registry()];
  new Counter({ name: "messages_total", help: "m", registers }).inc(messages);
  new Gauge({ name: "connected", help: "c", registers }).set(clients);
  new Gauge({ name: "channels", help: "h", registers, aggregator: "max" }).set(channels);
  new Histogram({ name: "wait_ms", help: "w", buckets: [1, 10], registers }).observe(messages);
  return registers[0]!.getMetricsAsJSON();
}

async function readLines(metrics: MergedMetrics): Promise<string[]> {
  return (await metrics.formatText()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

describe("merged metrics", () => {
  const own = { readObjects: () => readProcess(0, 0, 3) };

  it("add up what processes count, but not what each of them knows of all", async () => {
    const readWorkers = async () => [await readProcess(5, 2, 3), await readProcess(7, 1, 2)];
    const lines = await readLines(new MergedMetrics({ own, readWorkers }));
    expect(lines).toEqual(
      expect.arrayContaining(["messages_total 12", "connected 3", "channels 3", 'wait_ms_bucket{le="10"} 3']),
    );
  });

  it("keep the counts of workers that have ended, and nothing else of them", async () => {
    const metrics = new MergedMetrics({ own, readWorkers: async () => [await readProcess(5, 2, 3)] });
    const ended = [await readProcess(7, 40, 50), await readProcess(100, 40, 50), []];
    for (const objects of ended) metrics.keepCounts(objects);
    const lines = await readLines(metrics);
    expect(lines).toEqual(
      expect.arrayContaining(["messages_total 112", "connected 2", "channels 3", "wait_ms_sum 112"]),
    );
    expect(JSON.parse(await metrics.formatJson())).toHaveLength(4);
  });
});
