/**
 * What goes wrong between a node and the Redis servers that join it to the others, where there is more to say than that the
 * connection is lost. Raised by `cluster/redis/`; evidence holds addresses, never credentials.
 */
import { defineFailure, defineFailures } from "@antiphon/websocket";

const redis = {
  phase: "cluster",
  faults: ["operator"],
  certainty: "proved",
  severity: "fatal",
  spec: "Redis serialization protocol (RESP3)",
  retry: "after-change",
} as const;

const definitions = {
  "cluster-redis-options-invalid": defineFailure<{ setting: string; problem: string }>({
    ...redis,
    spec: "Antiphon configuration",
    explain: ({ setting, problem }) => `The setting ${setting} for Redis cannot be used: it ${problem}.`,
    fix: "Correct it: one server by url or host and port, or some nodes of a Redis Cluster, or some Sentinels, as host:port.",
  }),
  "cluster-redis-credentials-refused": defineFailure<{ server: string; problem: string }>({
    ...redis,
    explain: ({ server, problem }) => `The Redis server ${server} does not let this node in: ${problem}.`,
    fix: "Set the username and password of Redis to what ACL LIST and requirepass on this server say; it is tried again and again.",
  }),
  "cluster-redis-permission-denied": defineFailure<{ server: string }>({
    ...redis,
    explain: ({ server }) =>
      `The Redis server ${server} refuses a command, key or channel to this node's user.`,
    fix: "For the prefix antiphon, permit it: ACL SETUSER name ~{antiphon* &{antiphon* +@connection +@pubsub +@scripting +@read +@write +role +cluster.",
  }),
  "cluster-redis-tls-failed": defineFailure<{ server: string; problem: string }>({
    ...redis,
    explain: ({ server, problem }) => `TLS with the Redis server ${server} failed: ${problem}.`,
    fix: "Set tls.ca to the authority of its certificate and tls.servername to the name on it, and see that the port is one of TLS.",
  }),
  "cluster-redis-lease-refused": defineFailure<{ problem: string }>({
    ...redis,
    explain: ({ problem }) =>
      `No node leads, and webhooks wait, because Redis does not keep who does: ${problem}.`,
    fix: "Let Redis write: look at maxmemory, at the disk it saves to, and at min-replicas-to-write; it is tried again and again.",
  }),
  "cluster-redis-too-old": defineFailure<{ server: string }>({
    ...redis,
    explain: ({ server }) => `The Redis server ${server} does not know a command that nodes need.`,
    fix: "Use Redis 6.2 or newer, for a Redis Cluster Redis 7 or newer, or any Valkey.",
  }),
};

/** Everything that goes wrong between a node and Redis. */
export const redisFailures = defineFailures(definitions);

export type RedisFailureName = keyof typeof redisFailures.definitions;
