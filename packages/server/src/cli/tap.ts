/** `antiphon tap`: a proxy between any WebSocket client and any server that tells what passes, and changes nothing. */

import { InvalidArgumentError } from "commander";
import { type FrameFilter, parseFilters } from "../tap/frame-filter.ts";
import { runTap } from "../tap/run-tap.ts";
import {
  type AddressResult,
  type ListenAddress,
  parseListenAddress,
  parseTarget,
  type TapTarget,
} from "../tap/tap-address.ts";
import type { RegisterCommand } from "./command-context.ts";

interface TapFlags {
  readonly listen: ListenAddress;
  readonly target: TapTarget;
  readonly cert?: string;
  readonly key?: string;
  readonly insecure: boolean;
  readonly rewriteHost: boolean;
  readonly full: boolean;
  readonly redact: boolean;
  readonly filter: readonly string[];
  readonly json: boolean;
  readonly save?: string;
}

function orInvalid<T>(parse: (text: string) => AddressResult<T>): (text: string) => T {
  return (text) => {
    const result = parse(text);
    if (!result.ok) throw new InvalidArgumentError(result.problem);
    return result.value;
  };
}

function collectFilter(text: string, before: readonly string[]): readonly string[] {
  const result = parseFilters([text]);
  if (!result.ok) throw new InvalidArgumentError(result.problem);
  return [...before, text];
}

function createFilter(texts: readonly string[]): FrameFilter {
  const result = parseFilters(texts);
  // Each text was checked when it was read, and together they cannot be wrong.
  return result.ok ? result.filter : () => true;
}

/** Adds the command. */
export const registerTapCommand: RegisterCommand = (program, context) => {
  const command = program
    .command("tap")
    .description(
      "print what passes between any WebSocket client and server: handshake, frames, faults, the end",
    )
    .requiredOption(
      "--listen <[host:]port>",
      "where clients connect; without a host 127.0.0.1",
      orInvalid(parseListenAddress),
    )
    .requiredOption(
      "--target <url>",
      "the server, as ws://HOST[:PORT] or wss://HOST[:PORT]",
      orInvalid(parseTarget),
    )
    .option("--cert <file>", "certificate chain in PEM: clients speak TLS to the tap")
    .option("--key <file>", "private key in PEM")
    .option("--insecure", "do not verify the target's certificate", false)
    .option(
      "--rewrite-host",
      "change Host and Origin of the request to the target's; nothing else is ever changed",
      false,
    )
    .option("--full", "show all headers and whole payloads", false)
    .option("--redact", "show no payloads", false)
    .option(
      "--filter <what>",
      "show only these frames: text, binary, ping, pong, close, event=NAME, from=client|server",
      collectFilter,
      [],
    )
    .option("--json", "print one JSON object per line", false)
    .option("--save <file>", "write what passes as pcapng, for Wireshark and antiphon decode");
  command.action(async (flags: TapFlags) => {
    if ((flags.cert === undefined) !== (flags.key === undefined)) {
      command.error("error: --cert and --key belong together.");
    }
    if (flags.full && flags.redact) command.error("error: --full and --redact contradict each other.");
    const { cert, key, save } = flags;
    const display = flags.redact ? "hidden" : flags.full ? "full" : "short";
    const filter = createFilter(flags.filter);
    context.setExitCode(await runTap({ ...flags, cert, key, save, display, filter }, context));
  });
};
