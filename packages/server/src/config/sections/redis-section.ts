/** Settings of the connection to Redis or Valkey, which the cluster and the webhook queue share. */

import { z } from "zod";
import { redisDefaults } from "../../cluster/redis/redis-options.ts";
import { flag, integer, optionalText } from "../setting.ts";
import { addresses, clientCertificates, isPair, isServerUrl, pairExpected } from "./address-setting.ts";

const sentinelSection = z
  .strictObject({
    nodes: addresses({
      description: "Sentinels as host:port; they are asked for the master, so host and port count no more.",
    }),
    name: z.string().min(1).default(redisDefaults.sentinelName).meta({
      description: "Name under which the sentinels watch the master.",
    }),
    username: optionalText({ description: "User at the sentinels themselves." }),
    password: optionalText({ description: "Password at the sentinels themselves.", writeOnly: true }),
  })
  .prefault({});

const tlsSection = z
  .strictObject({
    ...clientCertificates("Redis"),
    passphrase: optionalText({ description: "Opens that key, if it is encrypted.", writeOnly: true }),
    serverName: optionalText({
      description: "Name that the certificate must be for; left out, the host of the address.",
    }),
    verify: flag(true, {
      description:
        "Refuse a certificate that cannot be verified. Without it, anybody in between can read along.",
    }),
  })
  .refine(isPair, pairExpected)
  .prefault({});

const clusterSection = z
  .strictObject({
    nodes: addresses({
      description: "Some nodes of a Redis Cluster as host:port; the others are found through them.",
    }),
  })
  .prefault({});

export const redisSection = z
  .strictObject({
    url: z
      .string()
      .refine((text) => isServerUrl(text, ["redis", "rediss"]), {
        error: "a URL such as redis://localhost:6379 or rediss://user:password@redis.internal:6380/0",
      })
      .exactOptional()
      .meta({
        description:
          "Address of one server, rediss:// over TLS; what it says is stronger than host, port, username, password and database.",
        writeOnly: true,
        holdsCredentials: true,
      }),
    host: z.string().min(1).default(redisDefaults.host).meta({ description: "Host of one server." }),
    port: integer(redisDefaults.port, 1, { description: "Port of one server." }, 65_535),
    username: optionalText({
      description: "User of the access control list; left out, Redis' default user.",
    }),
    password: optionalText({ description: "Password of the user, or of the server.", writeOnly: true }),
    database: integer(
      0,
      0,
      {
        description:
          "Database of leases and queues. Messages between nodes pass through all databases: keep deployments apart by cluster.prefix.",
      },
      65_535,
    ),
    connectTimeoutMs: integer(redisDefaults.connectTimeoutMs, 100, {
      description: "Time for one attempt to connect.",
    }),
    tls: tlsSection,
    sentinel: sentinelSection,
    cluster: clusterSection,
  })
  .prefault({});
