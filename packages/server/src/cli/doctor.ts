/** `antiphon doctor URL`: opens a connection step by step and says what is wrong, whose fault it is, and the fix. */

import { readFileSync } from "node:fs";
import { FailureError } from "@antiphon/websocket";
import { Option } from "commander";
import type { HeaderLine } from "@antiphon/websocket/inspect";
import { examine } from "../doctor/examine.ts";
import type { ExamineOptions } from "../doctor/examination.ts";
import { renderCheck, renderConclusion } from "../doctor/render-report.ts";
import { type CommandContext, exitCodes, type RegisterCommand } from "./command-context.ts";
import { renderFindings } from "./render-findings.ts";
import { chooseStyle } from "./text-style.ts";
import { collect, parseSeconds } from "./option-values.ts";

interface DoctorFlags {
  readonly json?: true;
  readonly header?: readonly string[];
  readonly origin?: string;
  readonly subprotocol?: readonly string[];
  readonly insecure?: true;
  readonly ca?: string;
  readonly proxy?: string;
  readonly timeout: number;
  readonly idle: number;
  readonly probeStrictness?: true;
  readonly pusher?: true;
  readonly appId?: string;
  readonly key?: string;
  readonly secret?: string;
  readonly api?: string;
}

const defaultTimeoutMs = 10_000;
/** Long enough for a greeting from far away, short enough not to be noticed. */
const firstFrameMs = 500;

/** The options, or a sentence that says which flag cannot be used. */
function readOptions(url: string, flags: DoctorFlags): ExamineOptions | { readonly problem: string } {
  const headers: HeaderLine[] = [];
  for (const line of flags.header ?? []) {
    const colon = line.indexOf(":");
    if (colon < 1) return { problem: `--header wants "Name: value".` };
    headers.push([line.slice(0, colon).trim(), line.slice(colon + 1).trim()]);
  }
  const { origin, proxy, appId, key, secret, api, ca } = flags;
  let authority: string | undefined;
  try {
    authority = ca === undefined ? undefined : readFileSync(ca, "utf8");
  } catch (error) {
    return { problem: `--ca cannot be read (${(error as NodeJS.ErrnoException).code}).` };
  }
  return {
    url,
    headers,
    subprotocols: flags.subprotocol ?? [],
    insecure: flags.insecure ?? false,
    timeoutMs: flags.timeout,
    idleMs: flags.idle,
    probeStrictness: flags.probeStrictness ?? false,
    pusher: flags.pusher ?? false,
    firstFrameMs,
    ...(origin !== undefined && { origin }),
    ...(proxy !== undefined && { proxy }),
    ...(appId !== undefined && { appId }),
    ...(key !== undefined && { key }),
    ...(secret !== undefined && { secret }),
    ...(api !== undefined && { apiUrl: api.replace(/\/$/, "") }),
    ...(authority !== undefined && { ca: authority }),
  };
}

async function diagnose(url: string, flags: DoctorFlags, context: CommandContext): Promise<void> {
  const options = readOptions(url, flags);
  if ("problem" in options) {
    context.stderr.write(`error: ${options.problem}\n`);
    context.setExitCode(exitCodes.wrongUsage);
    return;
  }
  const style = chooseStyle(context.stdout, context.env);
  const print = (text: string): void => void (flags.json === true || context.stdout.write(text));
  try {
    const report = await examine(options, (check) => print(renderCheck(check, style)));
    print(renderConclusion(report.conclusion, style));
    if (flags.json) context.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
    const { works, failure } = report.conclusion;
    context.setExitCode(works && failure === undefined ? exitCodes.fine : exitCodes.findings);
  } catch (error) {
    // Everything that the network does is in the report; a failure is about the options, and the rest a bug.
    if (!(error instanceof FailureError)) {
      context.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
      context.setExitCode(exitCodes.couldNotRun);
      return;
    }
    context.stderr.write(renderFindings([error.failure], chooseStyle(context.stderr, context.env)));
    context.setExitCode(exitCodes.wrongUsage);
  }
}

/** Adds the command. */
export const registerDoctorCommand: RegisterCommand = (program, context) => {
  program
    .command("doctor")
    .description("open a WebSocket step by step, and say what is wrong, whose fault it is, and the fix")
    .argument("<url>", "ws:// or wss:// URL of any WebSocket server")
    .option("--json", "print JSON")
    .option("-H, --header <line>", 'header to send, as "Name: value"; repeat for more', collect)
    .option("--origin <origin>", "Origin to send, as a page would")
    .option("--subprotocol <name>", "subprotocol to offer; repeat for more", collect)
    .option("-k, --insecure", "go on with a certificate that is not valid")
    .option("--ca <file>", "authority to trust, in PEM")
    .option("--proxy <url>", "HTTP proxy to go through, or environment")
    .addOption(
      new Option("--timeout <seconds>", "wait for each step")
        .argParser(parseSeconds)
        .default(defaultTimeoutMs, "10"),
    )
    .addOption(
      new Option("--idle <seconds>", "keep silent for so long, and say who cuts the connection")
        .argParser(parseSeconds)
        .default(0, "none"),
    )
    .option("--probe-strictness", "also send an unmasked frame, over a connection of its own")
    .option("--pusher", "expect the Pusher protocol even if the path is not /app/KEY")
    .option("--app-id <id>", "with --key and --secret: try a private channel and a published event")
    .option("--key <key>", "app key, if it is not in the URL")
    .option("--secret <secret>", "app secret")
    .option("--api <url>", "HTTP API, if it is not beside the WebSocket")
    .action((url: string, flags: DoctorFlags) => diagnose(url, flags, context));
};
