/** Settings of the health routes. */

import { z } from "zod";
import { integer } from "../setting.ts";

export const healthSection = z
  .strictObject({
    memoryThresholdPercent: integer(
      85,
      1,
      { description: "Memory use above which /accept-traffic asks the load balancer for a pause." },
      100,
    ),
  })
  .prefault({});
