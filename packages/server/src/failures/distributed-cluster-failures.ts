/** What goes wrong between the nodes of several machines. Raised by `cluster/distributed/`; nobody's client is told. */
import { defineFailure, defineFailures } from "@antiphon/websocket";

const definitions = {
  "cluster-backend-lost": defineFailure<{ backend: string; problem: string }>({
    phase: "cluster",
    faults: ["operator", "network"],
    certainty: "proved",
    severity: "fatal",
    spec: "Several machines",
    retry: "backoff",
    explain: ({ backend, problem }) =>
      `This node has no connection to ${backend} (${problem}); it serves its own clients, and keeps what it knew of the other nodes, until it is back.`,
    fix: "See that the server between the nodes runs and can be reached from here; this node connects again by itself.",
  }),
  "cluster-connection-stalled": defineFailure<{ backend: string; silentMs: number }>({
    phase: "cluster",
    faults: ["network", "operator"],
    certainty: "likely",
    severity: "fatal",
    spec: "Several machines",
    retry: "now",
    explain: ({ backend, silentMs }) =>
      `The connection to ${backend} looks open, but nothing that this node sent came back for ${silentMs} ms; it makes another one.`,
    fix: "Look for a firewall or NAT that forgets idle connections, or for a server between the nodes that is out of processor time.",
  }),
  "cluster-node-lost": defineFailure<{ node: string; silentMs: number }>({
    phase: "cluster",
    faults: ["operator", "server", "network"],
    certainty: "likely",
    severity: "fatal",
    spec: "Several machines",
    retry: "not-applicable",
    explain: ({ node, silentMs }) =>
      `Node ${node} was not heard for ${silentMs} ms and is taken for dead; its connections no longer count, and its members have left.`,
    fix: "See whether that node runs and reaches the server between the nodes; when it is back, its members are too.",
  }),
  "cluster-declared-dead": defineFailure<{ node: string }>({
    phase: "cluster",
    faults: ["operator", "network"],
    certainty: "proved",
    severity: "fatal",
    spec: "Several machines",
    retry: "now",
    explain: ({ node }) =>
      `Another node had given this one up as ${node}, because it did not hear it for too long; this one comes back under another id and tells all it has.`,
    fix: "If it happens again, look for what keeps this node from being heard: its network, its processor time, a node timeout that is too short.",
  }),
  "cluster-node-paused": defineFailure<{ pausedMs: number; nodeTimeoutMs: number }>({
    phase: "cluster",
    faults: ["operator"],
    certainty: "proved",
    severity: "fatal",
    spec: "Several machines",
    retry: "now",
    explain: ({ pausedMs, nodeTimeoutMs }) =>
      `This process did not run for ${pausedMs} ms, longer than the ${nodeTimeoutMs} ms after which other nodes give it up; it comes back under another id and tells all it has.`,
    fix: "Look for a suspended machine, a stopped process, or one without processor time or memory; or allow for longer pauses with a longer node timeout.",
  }),
  "cluster-snapshot-unanswered": defineFailure<{ node: string; attempts: number }>({
    phase: "cluster",
    faults: ["server", "network"],
    certainty: "proved",
    severity: "warning",
    spec: "Several machines",
    retry: "backoff",
    explain: ({ node, attempts }) =>
      `Node ${node} lives but did not tell what it holds, though it was asked ${attempts} times; until it does, some of its channels and members may be unknown here.`,
    fix: "Look in the log of that node, and see whether all nodes run the same version.",
  }),
  "cluster-message-invalid": defineFailure<{ topic: string; problem: string }>({
    phase: "cluster",
    faults: ["operator", "server"],
    certainty: "proved",
    severity: "warning",
    spec: "Several machines",
    retry: "after-change",
    explain: ({ topic, problem }) =>
      `A message between the nodes, to ${topic}, was ignored, as are others like it from there (${problem}).`,
    fix: "See that all nodes run versions that understand each other, and that nothing else uses the same prefix on the server between them.",
  }),
};

/** Everything that goes wrong between the nodes of several machines. */
export const distributedClusterFailures = defineFailures(definitions);
