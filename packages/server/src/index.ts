/**
 * Antiphon inside another program: load a configuration, make a server, start and stop it. The command does the same.
 *
 * ```ts
 * const result = await loadConfig({ env: process.env });
 * if (!result.ok) throw new Error(result.problems.map((problem) => problem.message).join("\n"));
 * const server = createApp(result.config, { logger: pino() });
 * await server.start();
 * ```
 */
import type { ConfigInput } from "./config/schema.ts";

export type { AntiphonServer, Listening } from "./antiphon-server.ts";
export { createApp } from "./app.ts";
export type { App } from "./apps/app.ts";
export { type Config, type ConfigResult, type ConfigSources, loadConfig } from "./config/load-config.ts";
export type { ConfigInput } from "./config/schema.ts";

/** Gives a configuration file its types: `export default defineConfig({ … })`. */
export function defineConfig(config: ConfigInput): ConfigInput {
  return config;
}
