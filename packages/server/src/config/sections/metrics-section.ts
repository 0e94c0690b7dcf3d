/** Settings of the metrics listener, which has an address of its own so that it can stay private. */

import { z } from "zod";
import { flag, integer } from "../setting.ts";

export const metricsSection = z
  .strictObject({
    enabled: flag(true, { description: "Serve Prometheus metrics." }),
    host: z.string().min(1).default("127.0.0.1").meta({ description: "Address of the metrics listener." }),
    port: integer(9601, 0, { description: "Port of the metrics listener; 0 picks a free one." }, 65_535),
    prefix: z
      .string()
      .regex(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/, { error: "a Prometheus name such as antiphon_" })
      .default("antiphon_")
      .meta({
        description: "First part of every metric name; soketi_ keeps the dashboards of soketi working.",
      }),
  })
  .prefault({});
