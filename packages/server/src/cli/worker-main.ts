/**
 * Entry of a worker process: one of several that serve one port. Forked by the primary process, which says what to serve
 * and when to stop; ends with it.
 */
import type { Logger } from "pino";
import type { ServerNode } from "../antiphon-server.ts";
import { createNode } from "../app.ts";
import { WorkerClusterAdapter } from "../cluster/workers/worker-cluster-adapter.ts";
import type { WorkerError, WorkerOrder, WorkerReport } from "../cluster/workers/worker-message.ts";
import type { Config } from "../config/load-config.ts";
import { FailureLog } from "../lifecycle/failure-log.ts";
import { exitCodes } from "./command-context.ts";
import { createLogger } from "./logger.ts";

let node: ServerNode | undefined;
let logger: Logger | undefined;
let stopped: Promise<void> | undefined;

function tell(report: WorkerReport, onSent: () => void = () => undefined): void {
  if (process.connected) process.send?.(report, onSent);
}

async function start({
  config,
  worker,
  busPath,
  reusePort,
}: Extract<WorkerOrder, { type: "start" }>): Promise<void> {
  logger = createLogger(config.log, process.stderr, process.env).child({ worker });
  const cluster = busPath === undefined ? undefined : joinBus(busPath, logger);
  node = createNode(config, { logger, worker: { reusePort, ...(cluster && { cluster }) } });
  try {
    tell({ type: "listening", listening: await node.start() });
  } catch (error) {
    tell({ type: "failed", error: describeError(error) }, () => process.exit(exitCodes.couldNotRun));
  }
}

function joinBus(path: string, logger: Logger): WorkerClusterAdapter {
  const failures = new FailureLog(logger);
  return new WorkerClusterAdapter({ path, report: (failure) => failures.write(failure, {}) });
}

/** The fields that Node gives system errors, without which nobody could tell what to do about them. */
function describeError(error: unknown): WorkerError {
  if (!(error instanceof Error)) return { message: String(error) };
  // Only these fields are read, and each may be missing.
  const { code, address, hostname, port } = error as Partial<WorkerError>;
  return {
    message: error.message,
    ...(code !== undefined && { code }),
    ...(address !== undefined && { address }),
    ...(hostname !== undefined && { hostname }),
    ...(port !== undefined && { port }),
  };
}

function stop(reason: string, othersServe: boolean): Promise<void> {
  stopped ??= (async () => {
    await node?.stop(reason, { othersServe });
    process.exit(exitCodes.fine);
  })();
  return stopped;
}

/** The primary process has checked it, but files may have changed since. */
function reload(config: Config): void {
  try {
    node?.reload(config);
  } catch (error) {
    logger?.error({ err: error }, "configuration not reloaded");
  }
}

async function obey(order: WorkerOrder): Promise<void> {
  switch (order.type) {
    case "start":
      return start(order);
    case "reload":
      reload(order.config);
      return tell({ type: "reloaded" });
    case "read-metrics":
      return tell({ type: "metrics", metrics: (await node?.readMetrics()) ?? [] });
    default:
      return stop(order.reason, false);
  }
}

// A signal for this process alone: the others go on. One for the whole group reaches the primary process as well, which
// then tells; what is meant for it is not for its workers.
process.on("SIGTERM", () => {
  tell({ type: "leaving" });
  void stop("SIGTERM", true);
});
for (const signal of ["SIGINT", "SIGHUP"] as const) process.on(signal, () => undefined);
process.on("message", (order: WorkerOrder) => void obey(order));
tell({ type: "waiting" });
