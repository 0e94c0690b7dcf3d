/** `antiphon bench`: loads a server of one's own, and says what it took and what failed. */

import { InvalidArgumentError } from "commander";
import { type BenchPlan, isOwnMachine, minDataBytes } from "../bench/bench-plan.ts";
import { renderBenchReport } from "../bench/bench-report.ts";
import { type BenchProgress, runBench } from "../bench/run-bench.ts";
import { readTarget } from "../pusher-client/pusher-target.ts";
import { type CommandContext, exitCodes, type RegisterCommand } from "./command-context.ts";
import { parseSeconds } from "./option-values.ts";
import { complain } from "./target-flags.ts";

interface BenchFlags {
  readonly appId?: string;
  readonly key?: string;
  readonly secret?: string;
  readonly channel: string;
  readonly echo: boolean;
  readonly connections: number;
  readonly concurrency: number;
  readonly duration: number;
  readonly rate: number;
  readonly bytes: number;
  readonly insecure: boolean;
  readonly iOwnThisServer: boolean;
  readonly json: boolean;
}

const maxConnections = 60_000;
const maxConcurrency = 1000;
const maxRate = 100_000;
const maxBytes = 1_048_576;

function parseCount(min: number, max: number): (text: string) => number {
  return (text) => {
    const count = Number(text);
    if (/^\d+$/.test(text) && count >= min && count <= max) return count;
    throw new InvalidArgumentError(`Give a whole number from ${min} to ${max}.`);
  };
}

/** What is to be loaded, or a sentence that says which argument cannot be used. */
function readBenchTarget(
  url: string | undefined,
  { echo, appId, key, secret }: BenchFlags,
): BenchPlan["target"] | { readonly problem: string } {
  if (echo) {
    if (url === undefined) return { problem: "--echo needs a URL." };
    if (!URL.canParse(url) || !/^wss?:$/.test(new URL(url).protocol)) {
      return { problem: "the URL is not a ws:// or wss:// URL." };
    }
    return { echoUrl: url };
  }
  return readTarget({
    ...(url !== undefined && { url }),
    ...(appId !== undefined && { appId }),
    ...(key !== undefined && { key }),
    ...(secret !== undefined && { secret }),
  });
}

function describeProgress({ phase, opened, sent, received }: BenchProgress, plan: BenchPlan): string {
  return phase === "connecting"
    ? `connecting: ${opened} of ${plan.connections}`
    : `${phase}: ${opened} connections, ${sent} sent, ${received} received`;
}

/** On a terminal one line that changes, elsewhere a line whenever the phase does. */
function createProgress({ stderr }: CommandContext, plan: BenchPlan) {
  let lastPhase = "";
  return {
    show(progress: BenchProgress): void {
      const text = describeProgress(progress, plan);
      if (stderr.isTTY === true) stderr.write(`\r\u001b[K${text}`);
      else if (progress.phase !== lastPhase) stderr.write(`${text}\n`);
      lastPhase = progress.phase;
    },
    end(): void {
      if (stderr.isTTY === true) stderr.write("\r\u001b[K");
    },
  };
}

async function bench(url: string | undefined, flags: BenchFlags, context: CommandContext): Promise<void> {
  const target = readBenchTarget(url, flags);
  if ("problem" in target) {
    complain(target.problem, context);
    return;
  }
  if (!flags.iOwnThisServer && !isOwnMachine("echoUrl" in target ? target.echoUrl : target.socketUrl)) {
    complain("this server is not on this machine. If it is yours to load, add --i-own-this-server.", context);
    return;
  }
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  const { connections, concurrency, duration, rate, bytes, channel, insecure } = flags;
  const plan: BenchPlan = {
    target,
    connections,
    concurrency,
    durationMs: duration,
    perSecond: rate,
    bytes,
    channel,
    insecure,
    signal: stop.signal,
  };
  const progress = createProgress(context, plan);
  for (const signal of ["SIGINT", "SIGTERM"] as const) context.signals.on(signal, onSignal);
  try {
    const report = await runBench(plan, (each) => progress.show(each));
    progress.end();
    context.stdout.write(flags.json ? `${JSON.stringify(report, null, 2)}\n` : renderBenchReport(report));
    if (report.connections.opened === 0) context.setExitCode(exitCodes.couldNotRun);
    else if (report.failures.length > 0) context.setExitCode(exitCodes.findings);
  } finally {
    for (const signal of ["SIGINT", "SIGTERM"] as const) context.signals.off(signal, onSignal);
  }
}

/** Adds the command. */
export const registerBenchCommand: RegisterCommand = (program, context) => {
  program
    .command("bench")
    .description("load a server of your own: connections, messages, latency, and what failed by name")
    .argument("[url]", "server, such as ws://127.0.0.1:6001/app/KEY (default: the development server)")
    .option("--echo", "send to a plain WebSocket server that echoes, instead of publishing", false)
    .option(
      "--app-id <id>",
      "app id; with --key and --secret events are published (default: development app)",
    )
    .option("--key <key>", "app key")
    .option("--secret <secret>", "app secret")
    .option("--channel <name>", "channel that all connections subscribe to", "antiphon-bench")
    .option("--connections <count>", "connections to open", parseCount(1, maxConnections), 100)
    .option("--concurrency <count>", "handshakes under way at once", parseCount(1, maxConcurrency), 32)
    .option("--duration <seconds>", "how long to send", parseSeconds, 10_000)
    .option("--rate <count>", "messages to send in a second; 0 only connects", parseCount(0, maxRate), 10)
    .option("--bytes <count>", "size of the data of one message", parseCount(minDataBytes, maxBytes), 200)
    .option("-k, --insecure", "accept any certificate", false)
    .option("--i-own-this-server", "load a server that is not on this machine", false)
    .option("--json", "print JSON", false)
    .action((url: string | undefined, flags: BenchFlags) => bench(url, flags, context));
};
