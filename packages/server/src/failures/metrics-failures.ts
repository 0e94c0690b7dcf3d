/** Why the metrics listener refused a request, beside what `http-failures.ts` has for all HTTP. Raised by `metrics/`. */
import { defineFailure, defineFailures } from "@antiphon/websocket";

const definitions = {
  "metrics-path-unknown": defineFailure<{ path: string }>({
    phase: "metrics",
    faults: ["client"],
    certainty: "proved",
    severity: "info",
    spec: "Metrics listener, routes",
    retry: "after-change",
    httpStatus: 404,
    explain: ({ path }) => `The metrics listener has no ${path}.`,
    fix: "Ask for /metrics, /usage or /ready here; WebSockets and the HTTP API are on the server's other port.",
  }),
};

export const metricsFailures = defineFailures(definitions);

export type MetricsFailureName = keyof typeof metricsFailures.definitions;
