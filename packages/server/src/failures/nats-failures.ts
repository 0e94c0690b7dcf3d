/**
 * What goes wrong between a node and the NATS servers that join it to the others, where there is more to say than that the
 * connection is lost. Raised by `cluster/nats/`; evidence holds addresses and subjects, never credentials.
 */
import { defineFailure, defineFailures } from "@antiphon/websocket";

const nats = {
  phase: "cluster",
  faults: ["operator"],
  certainty: "proved",
  severity: "fatal",
  spec: "NATS client protocol",
  retry: "after-change",
} as const;

const definitions = {
  "cluster-nats-options-invalid": defineFailure<{ setting: string; problem: string }>({
    ...nats,
    spec: "Antiphon configuration",
    explain: ({ setting, problem }) => `The setting ${setting} for NATS cannot be used: ${problem}.`,
    fix: "Correct the settings under nats; servers are host:port, nats://host:port or tls://host:port.",
  }),
  "cluster-nats-credentials-refused": defineFailure<{ server: string; as: string }>({
    ...nats,
    explain: ({ server, as }) => `The NATS server ${server} does not let this node in ${as}.`,
    fix: "Set a user, token, nkey or credentials file under nats that this server knows; it is tried again and again.",
  }),
  "cluster-nats-permission-denied": defineFailure<{ operation: string; subject: string }>({
    ...nats,
    explain: ({ operation, subject }) =>
      `The NATS server refuses the ${operation} of ${JSON.stringify(subject)} to this node's user.`,
    fix: "Permit the user to publish and subscribe to <prefix>.>, _INBOX.>, $JS.API.> and $KV.>, for the prefix in cluster.prefix.",
  }),
  "cluster-nats-tls-failed": defineFailure<{ server: string; problem: string }>({
    ...nats,
    explain: ({ server, problem }) => `TLS with the NATS server ${server} failed: ${problem}.`,
    fix: "Set nats.tls.ca to the authority of its certificate, name the server as its certificate does, and set nats.tls.cert and key if it asks for one of ours.",
  }),
  "cluster-nats-without-jetstream": defineFailure<{ server: string }>({
    ...nats,
    explain: ({ server }) =>
      `The NATS server ${server} has no JetStream for this account, so that no node can lead the cluster.`,
    fix: "Start nats-server with -js and a -sd folder that survives restarts, and enable JetStream for the account.",
  }),
  "cluster-nats-lease-unavailable": defineFailure<{ problem: string }>({
    ...nats,
    faults: ["network", "operator"],
    certainty: "likely",
    retry: "backoff",
    explain: ({ problem }) =>
      `JetStream does not tell who leads the cluster (${problem}); until it does, this node does not.`,
    fix: "See that most of the NATS servers run and reach each other; nats.replicas must not exceed their number.",
  }),
  "cluster-nats-payload-too-large": defineFailure<{ topic: string; bytes: number; maxBytes: number }>({
    ...nats,
    retry: "never",
    explain: ({ topic, bytes, maxBytes }) =>
      `A message of ${bytes} bytes to other nodes (${topic}) is dropped: the NATS server takes ${maxBytes}.`,
    fix: "Raise max_payload in the configuration of nats-server, or lower events.maxDataBytes of the app.",
  }),
};

/** Everything that goes wrong between a node and NATS. */
export const natsFailures = defineFailures(definitions);

export type NatsFailureName = keyof typeof natsFailures.definitions;
