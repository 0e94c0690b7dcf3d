/** Settings of webhook delivery, shared by the webhooks of all apps. */

import { z } from "zod";
import { choice, flag, integer } from "../setting.ts";

export const webhooksSection = z
  .strictObject({
    queue: choice(["auto", "memory", "redis", "nats"], "auto", {
      description:
        "Where events wait for delivery: in memory, which ends with the process, or in Redis or NATS, from which the next node takes them; auto is what joins the cluster, or else memory.",
    }),
    batching: z
      .strictObject({
        enabled: flag(false, { description: "Collect several events into one request." }),
        durationMs: integer(50, 1, { description: "Longest wait of an event for others." }),
        maxEvents: integer(100, 1, { description: "Events in one request." }, 10_000),
      })
      .prefault({}),
    timeoutMs: integer(10_000, 100, { description: "Time for one delivery attempt." }),
    retryForMs: integer(300_000, 0, {
      description: "Time during which a failed delivery is tried again; 0 tries once.",
    }),
    maxQueuedEvents: integer(10_000, 1, {
      description: "Events waiting for delivery; above it the oldest are dropped.",
    }),
    maxConcurrentRequests: integer(
      16,
      1,
      { description: "Delivery attempts under way at the same time." },
      1024,
    ),
    denyPrivateAddresses: flag(false, {
      description:
        "Refuse to deliver to loopback and private addresses; for servers whose apps belong to others.",
    }),
  })
  .prefault({});
