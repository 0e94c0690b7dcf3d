/**
 * The one description of every setting. Defaults, documentation, environment names, command-line flags and the JSON
 * Schema are derived from it; nothing about a setting is written down anywhere else.
 */

import { z } from "zod";
import { appSection } from "./sections/app-section.ts";
import { clusterSection } from "./sections/cluster-section.ts";
import { healthSection } from "./sections/health-section.ts";
import { limitsSection } from "./sections/limits-section.ts";
import { logSection } from "./sections/log-section.ts";
import { metricsSection } from "./sections/metrics-section.ts";
import { natsSection } from "./sections/nats-section.ts";
import { redisSection } from "./sections/redis-section.ts";
import { serverSection } from "./sections/server-section.ts";
import { webhooksSection } from "./sections/webhooks-section.ts";

/** Every setting of a configuration. */
export const configSchema = z.strictObject({
  server: serverSection,
  apps: z
    .array(appSection)
    .max(1000)
    .default([])
    .meta({ description: "The apps (tenants) that are served." }),
  limits: limitsSection,
  cluster: clusterSection,
  redis: redisSection,
  nats: natsSection,
  metrics: metricsSection,
  log: logSection,
  webhooks: webhooksSection,
  health: healthSection,
});

/** All settings with their defaults filled in. */
export type Settings = z.output<typeof configSchema>;

/** What a configuration file may hold; the type for `export default { … } satisfies ConfigInput`. */
export type ConfigInput = z.input<typeof configSchema>;

/** JSON Schema of a configuration file, for editors. */
export function createJsonSchema(): Record<string, unknown> {
  return { title: "Antiphon configuration", ...z.toJSONSchema(configSchema, { io: "input" }) };
}
