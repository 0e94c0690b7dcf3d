import { describe, expect, it } from "vitest";
import { doctorFailures } from "../failures/doctor-failures.ts";
import { type BenchReport, listFailures, renderBenchReport, summarizeLatency } from "./bench-report.ts";
import { FailureTally } from "./failure-tally.ts";
import { LatencyHistogram } from "./latency-histogram.ts";

const quiet: BenchReport = {
  connections: {
    wanted: 10,
    opened: 9,
    perSecond: 1234.5,
    opening: { p50Ms: 1.234, p90Ms: 12.34, p99Ms: 123.4, maxMs: 200 },
  },
  messages: { sent: 0, expected: 0, received: 0, receivedPerSecond: 0, latency: undefined },
  failures: [],
  ownCpuShare: 0.1,
};

describe("the report of a benchmark", () => {
  it("leaves out messages where none were sent", () => {
    expect(renderBenchReport(quiet)).toBe(
      "connections   9 of 10, 1235/s\n  opening     p50 1.23 ms, p90 12.3 ms, p99 123 ms, max 200 ms\n",
    );
  });

  it("tells what arrived, and how late", () => {
    const latency = new LatencyHistogram();
    latency.record(2);
    const messages = {
      sent: 5,
      expected: 45,
      received: 44,
      receivedPerSecond: 8.8,
      latency: summarizeLatency(latency),
    };
    expect(renderBenchReport({ ...quiet, messages })).toContain(
      "sent          5\nreceived      44 of 45, 8.8/s\n  latency     p50 2 ms, p90 2 ms, p99 2 ms, max 2 ms\n",
    );
  });

  it("counts failures by name, the most frequent first, each with one example and its fix", () => {
    const tally = new FailureTally();
    tally.add(doctorFailures.create("api-request-refused", { status: 500, reason: "oops" }));
    tally.add(doctorFailures.create("published-event-not-delivered", { waitedMs: 10 }), 3);
    const failures = listFailures(tally.all);
    expect(failures.map(({ name, count }) => [name, count])).toEqual([
      ["published-event-not-delivered", 3],
      ["api-request-refused", 1],
    ]);
    expect(renderBenchReport({ ...quiet, failures })).toContain(
      "failed        1 × api-request-refused\n              The HTTP API answered 500: oops. Compare app id",
    );
  });

  it("says when it was itself too busy to be believed", () => {
    expect(renderBenchReport({ ...quiet, ownCpuShare: 0.97 })).toContain("This program used 97 % of a core");
    expect(renderBenchReport(quiet)).not.toContain("This program");
  });
});
