/** Picks the shape of the server that the configuration asks for: one process, or a primary process and its workers. */
import { availableParallelism } from "node:os";
import type { Logger } from "pino";
import type { AntiphonServer } from "./antiphon-server.ts";
import { createApp } from "./app.ts";
import type { Config } from "./config/load-config.ts";
import { createPrimary } from "./primary.ts";

/** Makes a server; nothing listens, and no worker runs, before `start`. */
export function createServer(config: Config, options: { readonly logger: Logger }): AntiphonServer {
  const { workers } = config.server;
  const count = workers === "auto" ? availableParallelism() : workers;
  return count > 1 ? createPrimary(config, { ...options, workers: count }) : createApp(config, options);
}
