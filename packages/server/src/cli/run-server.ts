/**
 * The life of `antiphon start`: load, listen, tell, reload on SIGHUP, stop on SIGTERM or SIGINT. The server itself comes
 * from `createServer`; the exit code goes out.
 */

import type { Logger } from "pino";
import type { AntiphonServer } from "../antiphon-server.ts";
import type { Config, ConfigResult } from "../config/load-config.ts";
import { findRestartSettings } from "../config/restart-settings.ts";
import { configFailures } from "../failures/config-failures.ts";
import { explainListenError } from "../failures/listen-failures.ts";
import { renderBanner } from "./banner.ts";
import { type CommandContext, type ExitCode, exitCodes, type ServerSignal } from "./command-context.ts";
import { createLogger } from "./logger.ts";
import { renderFindings } from "./render-findings.ts";
import { chooseStyle } from "./text-style.ts";

/** What a run needs. */
export interface ServerRun {
  readonly context: CommandContext;
  /** Loads the configuration, at the start and on every reload. */
  readonly load: () => Promise<ConfigResult>;
  readonly createServer: (config: Config, options: { readonly logger: Logger }) => AntiphonServer;
  /** Prints no banner. */
  readonly quiet: boolean;
}

/** Resolves with the first signal to stop; the second one ends the process at once. */
function waitForStopSignal(context: CommandContext): { stopped: Promise<ServerSignal>; release: () => void } {
  const listeners: [ServerSignal, () => void][] = [];
  const stopped = new Promise<ServerSignal>((resolve) => {
    let received = 0;
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      const listener = (): void => {
        received += 1;
        if (received > 1) context.exit(exitCodes.couldNotRun);
        else resolve(signal);
      };
      listeners.push([signal, listener]);
      context.signals.on(signal, listener);
    }
  });
  return {
    stopped,
    release: () => {
      for (const [signal, listener] of listeners) context.signals.off(signal, listener);
    },
  };
}

function logWarnings(logger: Logger, result: ConfigResult): void {
  for (const { severity, name, message, fix } of result.warnings) {
    logger[severity === "info" ? "info" : "warn"]({ failure: name, fix }, message);
  }
}

/** What only a restart takes over is compared with the start: it is in force until then, whatever was reloaded since. */
function warnOfRestart(logger: Logger, started: Config, wanted: Config): void {
  const paths = findRestartSettings(started, wanted);
  if (paths.length === 0) return;
  const { name, message, fix } = configFailures.create("config-restart-needed", { paths: paths.join(", ") });
  logger.warn({ failure: name, fix }, message);
}

/** Reloads one after the other, so that the last file that was written wins. */
function createReload(
  { load }: ServerRun,
  server: AntiphonServer,
  started: Config,
  logger: Logger,
): () => void {
  let last = Promise.resolve();
  const reload = async (): Promise<void> => {
    const result = await load();
    logWarnings(logger, result);
    if (result.ok) {
      await server.reload(result.config);
      warnOfRestart(logger, started, result.config);
      logger.info({ apps: result.config.apps.length }, "configuration reloaded");
      return;
    }
    for (const { name, message, fix } of result.problems) logger.error({ failure: name, fix }, message);
    logger.error("configuration not reloaded: the one from before stays in force");
  };
  return () => {
    last = last
      .then(reload)
      .catch((error: unknown) => logger.error({ err: error }, "configuration not reloaded"));
  };
}

/** Runs a server until it is told to stop. */
export async function runServer(run: ServerRun): Promise<ExitCode> {
  const { context } = run;
  const result = await run.load();
  if (!result.ok) {
    context.stderr.write(
      renderFindings([...result.problems, ...result.warnings], chooseStyle(context.stderr, context.env)),
    );
    return exitCodes.couldNotRun;
  }
  const logger = createLogger(result.config.log, context.stderr, context.env);
  logWarnings(logger, result);

  const { stopped, release } = waitForStopSignal(context);
  const server = run.createServer(result.config, { logger });
  const reload = createReload(run, server, result.config, logger);
  context.signals.on("SIGHUP", reload);
  try {
    const listening = await server.start();
    if (!run.quiet) {
      const style = chooseStyle(context.stdout, context.env);
      context.stdout.write(
        renderBanner({ version: context.version, config: result.config, listening, style }),
      );
    }
    logger.info({ url: listening.url }, "listening");
    const signal = await stopped;
    logger.info({ signal }, "stopping");
    await server.stop(signal);
    logger.info("stopped");
    return exitCodes.fine;
  } catch (error) {
    const failure = explainListenError(error);
    if (failure === undefined) logger.fatal({ err: error }, "the server ended with an unexpected error");
    else logger.fatal({ failure: failure.name, fix: failure.fix }, failure.message);
    return exitCodes.couldNotRun;
  } finally {
    context.signals.off("SIGHUP", reload);
    release();
  }
}
