/** What goes wrong between the processes of one server. Raised by `cluster/`; nobody's client is told. */
import { defineFailure, defineFailures } from "@antiphon/websocket";

const definitions = {
  "cluster-worker-lost": defineFailure<{ worker: number; ending: string; restartMs: number }>({
    phase: "cluster",
    faults: ["server", "operator"],
    certainty: "likely",
    severity: "fatal",
    spec: "Several processes on one port",
    retry: "backoff",
    explain: ({ worker, ending, restartMs }) =>
      `Worker ${worker} ended unexpectedly (${ending}); its clients have to reconnect. Another takes its place in ${restartMs} ms.`,
    fix: "Look in the log for what this worker wrote last, and in the kernel's log for a process killed for lack of memory.",
  }),
  "cluster-worker-stuck": defineFailure<{ worker: number; waitedMs: number }>({
    phase: "cluster",
    faults: ["server"],
    certainty: "likely",
    severity: "fatal",
    spec: "Several processes on one port",
    retry: "not-applicable",
    explain: ({ worker, waitedMs }) => `Worker ${worker} did not stop within ${waitedMs} ms and was killed.`,
    fix: "Allow clients less time to leave with --shutdown-grace-ms, or look in the log for what kept this worker busy.",
  }),
  "cluster-bus-lost": defineFailure<{ problem: string; waitMs: number }>({
    phase: "cluster",
    faults: ["server"],
    certainty: "proved",
    severity: "fatal",
    spec: "Bus between the processes of one server",
    retry: "backoff",
    explain: ({ problem, waitMs }) =>
      `This worker lost its link to the other processes (${problem}) and serves only its own clients until it is back, in ${waitMs} ms.`,
    fix: "If it happens again, look for a process that is out of processor time or memory; fewer --workers may be faster.",
  }),
  "cluster-bus-broken": defineFailure<{ problem: string }>({
    phase: "cluster",
    faults: ["server"],
    certainty: "proved",
    severity: "fatal",
    spec: "Bus between the processes of one server",
    retry: "backoff",
    explain: ({ problem }) =>
      `The link to a worker was cut (${problem}); until it is back, its clients are gone for the others.`,
    fix: "If it happens again, look for a worker that is out of processor time or memory; fewer --workers may be faster.",
  }),
};

/** Everything that goes wrong between the processes of one server. */
export const clusterFailures = defineFailures(definitions);

export type ClusterFailureName = keyof typeof clusterFailures.definitions;
