/**
 * The life of `antiphon tap`: listen, tell everything that passes, and on Ctrl-C stop and add up. Parsed options in, the
 * exit code out.
 */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type CommandContext, type ExitCode, exitCodes, type ServerSignal } from "../cli/command-context.ts";
import { renderFindings } from "../cli/render-findings.ts";
import { chooseStyle } from "../cli/text-style.ts";
import { explainListenError } from "../failures/listen-failures.ts";
import { CaptureFile, openCaptureFile } from "./capture-file.ts";
import type { FrameFilter } from "./frame-filter.ts";
import type { PayloadDisplay } from "./observer-options.ts";
import { renderEvent } from "./render-event.ts";
import { Summary } from "./summary.ts";
import { formatAddress, type ListenAddress, type TapTarget } from "./tap-address.ts";
import type { TapEvent } from "./tap-event.ts";
import { type RunningTap, startTap, type TapOptions } from "./tap-server.ts";

/** What the command line says. */
export interface TapRun {
  readonly listen: ListenAddress;
  readonly target: TapTarget;
  /** Files in PEM; both or none. */
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly insecure: boolean;
  readonly rewriteHost: boolean;
  readonly display: PayloadDisplay;
  readonly filter: FrameFilter;
  readonly json: boolean;
  readonly save: string | undefined;
}

/** Runs a tap until it is told to stop. */
export async function runTap(run: TapRun, context: CommandContext): Promise<ExitCode> {
  const summary = new Summary();
  const print = createPrinter(run, context);
  const emit = (event: TapEvent): void => {
    summary.add(event);
    if (isShown(event, run.filter)) print(event);
  };
  let file: ReturnType<typeof openCaptureFile> | undefined;
  const { stopped, release } = waitForStopSignal(context);
  try {
    const tls = readTlsFiles(run);
    file = run.save === undefined ? undefined : openCaptureFile(run.save);
    const capture = file && new CaptureFile(file.write, nowInMicroseconds);
    const tap = await startTap({ ...run, tls, capture, observer: createObserverOptions(run, emit) });
    tellListening(tap, run, emit);
    await stopped;
    await tap.stop();
    print(summary.create());
    return summary.hasFindings ? exitCodes.findings : exitCodes.fine;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const failure = explainListenError(error);
    context.stderr.write(
      failure
        ? renderFindings([failure], chooseStyle(context.stderr, context.env))
        : `antiphon tap could not run: ${error.message}\n`,
    );
    return exitCodes.couldNotRun;
  } finally {
    file?.close();
    release();
  }
}

function createObserverOptions({ display, rewriteHost, target }: TapRun, emit: (event: TapEvent) => void) {
  return { display, now, emit, targetHost: rewriteHost ? undefined : target.host };
}

function readTlsFiles({ cert, key }: TapRun): TapOptions["tls"] {
  return cert === undefined || key === undefined
    ? undefined
    : { cert: readFileSync(cert), key: readFileSync(key) };
}

function tellListening(tap: RunningTap, { cert, target }: TapRun, emit: (event: TapEvent) => void): void {
  const { host, port } = tap.address;
  const scheme = cert === undefined ? "ws" : "wss";
  const path = target.path === "/" ? "" : target.path;
  emit({
    type: "listening",
    url: `${scheme}://${formatAddress(host, port)}${path}`,
    target: `${target.isSecure ? "wss" : "ws"}://${target.host}`,
  });
}

/** A faulty frame is shown whatever the filter says. */
function isShown(event: TapEvent, filter: FrameFilter): boolean {
  return event.type !== "frame" || event.findings.length > 0 || filter(event);
}

function createPrinter({ json }: TapRun, { stdout, env }: CommandContext): (event: TapEvent) => void {
  const style = chooseStyle(stdout, env);
  return (event) => void stdout.write(json ? `${JSON.stringify(event)}\n` : renderEvent(event, style));
}

const now = (): number => performance.now();

function nowInMicroseconds(): bigint {
  return BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000));
}

/** Resolves with the first signal to stop; the second one ends the process at once. */
function waitForStopSignal(context: CommandContext): { stopped: Promise<unknown>; release: () => void } {
  const signals: readonly ServerSignal[] = ["SIGINT", "SIGTERM"];
  const stop = new AbortController();
  const listener = (): void => {
    if (stop.signal.aborted) context.exit(exitCodes.couldNotRun);
    else stop.abort();
  };
  for (const signal of signals) context.signals.on(signal, listener);
  return {
    stopped: once(stop.signal, "abort"),
    release: () => {
      for (const signal of signals) context.signals.off(signal, listener);
    },
  };
}
