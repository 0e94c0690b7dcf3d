/** `antiphon decode`: handshakes and frames explained byte by byte, with what breaks the RFC, whose fault it is and the fix. */
import type { Failure, Role } from "@antiphon/websocket";
import { InvalidArgumentError, Option } from "commander";
import { isBreach } from "../decode/collect-findings.ts";
import { decode } from "../decode/decode.ts";
import { type DecodeInput, readDecodeBytes, readDecodeText } from "../decode/decode-input.ts";
import type { DecodeOptions } from "../decode/decoding.ts";
import { toDecodingJson } from "../decode/decoding-json.ts";
import { parseDeflateParameters } from "../decode/deflate-parameters.ts";
import { renderDecoding } from "../decode/render-decoding.ts";
import { type CommandContext, type ExitCode, exitCodes, type RegisterCommand } from "./command-context.ts";
import { readInputFile, readStandardInput } from "./read-input.ts";
import { renderFindings } from "./render-findings.ts";
import { chooseStyle } from "./text-style.ts";

interface DecodeFlags {
  readonly file?: string;
  readonly from?: Role;
  readonly deflate?: string;
  readonly connection?: number;
  readonly all: boolean;
  readonly json: boolean;
}

/** A screen or two; --all shows the rest. */
const maxShownFrames = 40;

function parseCount(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidArgumentError("It must be a whole number from 1.");
  return Number(text);
}

function refuse(context: CommandContext, failure: Failure, exitCode: ExitCode): void {
  context.stderr.write(renderFindings([failure], chooseStyle(context.stderr, context.env)));
  context.setExitCode(exitCode);
}

async function readInput(
  words: readonly string[],
  { file, from }: DecodeFlags,
  context: CommandContext,
): Promise<{ input: DecodeInput; exitCode: ExitCode }> {
  const text = words.join(" ");
  if (file === undefined && text !== "" && text !== "-") {
    return { input: readDecodeText(text, from), exitCode: exitCodes.wrongUsage };
  }
  const read = file === undefined ? await readStandardInput(context) : await readInputFile(file, context);
  if (!read.ok) return { input: read, exitCode: exitCodes.couldNotRun };
  return { input: readDecodeBytes(read.bytes, from), exitCode: exitCodes.wrongUsage };
}

/** Whatever a compressor sends, with any window. */
const anyDeflate = "any";

function readDeflate(deflate: string | undefined): DecodeOptions["deflate"] | Failure {
  if (deflate === undefined || deflate === anyDeflate) return deflate === anyDeflate;
  const parsed = parseDeflateParameters(deflate);
  return parsed.ok ? parsed.deflate : parsed.failure;
}

async function run(words: readonly string[], flags: DecodeFlags, context: CommandContext): Promise<void> {
  const deflate = readDeflate(flags.deflate);
  if (typeof deflate === "object" && "message" in deflate)
    return refuse(context, deflate, exitCodes.wrongUsage);
  const { input, exitCode } = await readInput(words, flags, context);
  if (!input.ok) return refuse(context, input.failure, exitCode);
  const result = decode(input.conversations, { deflate, connection: flags.connection });
  if (!result.ok) return refuse(context, result.failure, exitCodes.wrongUsage);
  const { decoded } = result;
  if (decoded.some(({ findings }) => findings.some(isBreach))) context.setExitCode(exitCodes.findings);
  if (flags.json) {
    return void context.stdout.write(`${JSON.stringify(toDecodingJson(input.format, decoded), null, 2)}\n`);
  }
  const style = chooseStyle(context.stdout, context.env);
  const maxFrames = flags.all ? Number.POSITIVE_INFINITY : maxShownFrames;
  context.stdout.write(renderDecoding(introduce(input), decoded, { style, maxFrames }));
}

function introduce({ format, conversations, sender }: Extract<DecodeInput, { ok: true }>): string {
  if (sender) {
    const bytes = conversations[0]?.directions[sender.role]?.bytes.length ?? 0;
    return `${bytes} bytes from ${format}, sent by the ${sender.role} (${sender.reason})`;
  }
  const isCapture = conversations.length === 0 || conversations.some(({ capture }) => capture !== undefined);
  if (!isCapture) return format;
  const count = conversations.length;
  return `${format} with ${count === 1 ? "one TCP connection that carries" : `${count} TCP connections that carry`} data`;
}

/** Adds the command. */
export const registerDecodeCommand: RegisterCommand = (program, context) => {
  program
    .command("decode")
    .description("explain a WebSocket handshake or frames byte by byte, and name what breaks the RFC")
    .argument("[bytes...]", "hex, base64, a dump or a handshake; - or nothing reads standard input")
    .option("-f, --file <path>", "read a file: any of these, raw bytes, pcap or pcapng")
    .addOption(
      new Option("--from <side>", "who sent the bytes; guessed if left out").choices(["client", "server"]),
    )
    .option(
      "--deflate <parameters>",
      `messages are compressed: the parameters of the 101, such as client_no_context_takeover, or "${anyDeflate}"`,
    )
    .option("--connection <number>", "only this connection of a capture", parseCount)
    .option("--all", `show all frames, not only the first ${maxShownFrames}`, false)
    .option("--json", "print JSON", false)
    .action((words: string[], flags: DecodeFlags) => run(words, flags, context));
};
