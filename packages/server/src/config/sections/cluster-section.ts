/** Settings of what joins the nodes of several machines into one server. */

import { z } from "zod";
import { choice, flag, integer } from "../setting.ts";

/** What can join nodes; `none` leaves this server alone. */
export const clusterDrivers = ["none", "redis", "nats"] as const;

export const clusterSection = z
  .strictObject({
    driver: choice(clusterDrivers, "none", {
      description:
        "What joins the servers of several machines into one: Redis (or Valkey), or NATS. With it, every worker is a node of its own.",
    }),
    prefix: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,32}$/, { error: "up to 32 letters, digits, - and _" })
      .default("antiphon")
      .meta({
        description:
          "First part of every name in Redis or NATS. Nodes with the same prefix are one server: give each deployment its own.",
      }),
    heartbeatMs: integer(
      1000,
      100,
      { description: "How often a node shows the others that it lives, and looks whether they hear it." },
      60_000,
    ),
    nodeTimeoutMs: integer(
      6000,
      300,
      {
        description:
          "Silence after which a node counts as dead and its members leave. The same on all nodes, and at least three heartbeats.",
      },
      600_000,
    ),
    readyWithoutBackend: flag(true, {
      description:
        "Answer /ready with 200 while Redis or NATS is away: this node serves its own clients on. Without it, 503 with the reason.",
    }),
  })
  .prefault({});
