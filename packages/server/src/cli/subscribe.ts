/** `antiphon subscribe CHANNEL…`: shows what happens on channels, live. */

import type { Failure } from "@antiphon/websocket";
import { describeFailure } from "../doctor/conclude.ts";
import { followChannels, type LiveEvents } from "../pusher-client/live-subscription.ts";
import type { TargetFlags } from "../pusher-client/pusher-target.ts";
import { readMember, type ServerEvent } from "../pusher-client/server-event.ts";
import { escapeUnsafe } from "./safe-text.ts";
import { type CommandContext, exitCodes, type RegisterCommand } from "./command-context.ts";
import { addTargetFlags, complain, readTargetOrComplain } from "./target-flags.ts";
import { chooseStyle, type StyleText } from "./text-style.ts";

interface SubscribeFlags extends TargetFlags {
  readonly userId: string;
  readonly userInfo?: string;
  readonly insecure: boolean;
  readonly json: boolean;
}

type Print = (line: string) => void;

/** JSON as it is, anything else as text. */
function formatData(data: unknown): string {
  return escapeUnsafe(typeof data === "string" ? data : (JSON.stringify(data) ?? ""));
}

function formatMember(event: ServerEvent): string {
  const info = readMember(event, "user_info");
  return `${formatData(readMember(event, "user_id"))}${info === undefined ? "" : ` ${formatData(info)}`}`;
}

function createLines(print: Print, style: StyleText): LiveEvents {
  const line = (channel: string, what: string, rest = ""): void =>
    print(`${style("cyan", escapeUnsafe(channel))} ${style("bold", what)}${rest === "" ? "" : ` ${rest}`}`);
  const count = (members: readonly string[]): string => style("dim", `(${members.length} here)`);
  return {
    connected: (socketId) => print(style("dim", `connected, socket id ${socketId}`)),
    subscribed: (channel, members) => {
      const list = members === undefined ? "" : `${members.map(escapeUnsafe).join(", ")} ${count(members)}`;
      line(channel, "subscribed", list);
    },
    refused: (channel, failure) => line(channel, style("red", "refused"), describeFailure(failure)),
    joined: (channel, event, members) =>
      line(channel, style("green", "joined"), `${formatMember(event)} ${count(members)}`),
    left: (channel, event, members) =>
      line(channel, style("yellow", "left"), `${formatMember(event)} ${count(members)}`),
    event: (event) => line(event.channel ?? "-", escapeUnsafe(event.event), formatData(event.data)),
  };
}

function createJsonLines(print: Print): LiveEvents {
  const tell = (type: string, facts: object): void => print(JSON.stringify({ type, ...facts }));
  return {
    connected: (socketId) => tell("connected", { socketId }),
    subscribed: (channel, members) => tell("subscribed", { channel, members }),
    refused: (channel, failure) => tell("refused", { channel, failure }),
    joined: (channel, { data }, members) => tell("joined", { channel, data, members }),
    left: (channel, { data }, members) => tell("left", { channel, data, members }),
    event: ({ event, channel, data }) => tell("event", { channel, event, data }),
  };
}

function parseUserInfo(text: string | undefined): { ok: true; value: unknown } | { ok: false } {
  if (text === undefined) return { ok: true, value: undefined };
  try {
    const value: unknown = JSON.parse(text);
    return { ok: true, value };
  } catch {
    return { ok: false };
  }
}

function reportEnd(failure: Failure | undefined, hasRefusal: boolean, context: CommandContext): void {
  if (failure) context.stderr.write(`${describeFailure(failure)}\n`);
  if (failure || hasRefusal) context.setExitCode(exitCodes.findings);
}

async function subscribe(
  channels: readonly string[],
  flags: SubscribeFlags,
  context: CommandContext,
): Promise<void> {
  const target = readTargetOrComplain(flags, context);
  if (!target) return;
  const userInfo = parseUserInfo(flags.userInfo);
  if (!userInfo.ok) {
    complain("--user-info is not JSON.", context);
    return;
  }
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  for (const signal of ["SIGINT", "SIGTERM"] as const) context.signals.on(signal, onSignal);
  const style = chooseStyle(context.stdout, context.env);
  const printPlain: Print = (line) => void context.stdout.write(`${line}\n`);
  const printTimed: Print = (line) =>
    printPlain(`${style("dim", new Date().toISOString().slice(11, 23))} ${line}`);
  const events = flags.json ? createJsonLines(printPlain) : createLines(printTimed, style);
  let hasRefusal = false;
  const failure = await followChannels(
    {
      target,
      channels,
      insecure: flags.insecure,
      signal: stop.signal,
      member: { userId: flags.userId, userInfo: userInfo.value },
    },
    {
      ...events,
      refused: (channel, refusal) => {
        hasRefusal = true;
        events.refused(channel, refusal);
      },
    },
  );
  for (const signal of ["SIGINT", "SIGTERM"] as const) context.signals.off(signal, onSignal);
  reportEnd(failure, hasRefusal, context);
}

/** Adds the command. */
export const registerSubscribeCommand: RegisterCommand = (program, context) => {
  const command = program
    .command("subscribe")
    .description("show what happens on channels; private and presence channels are signed here")
    .argument("<channels...>", "names of channels");
  addTargetFlags(command)
    .option("--user-id <id>", "who joins presence channels", "antiphon-cli")
    .option("--user-info <json>", "what others are told of that user")
    .option("--json", "print one JSON object a line", false)
    .action((channels: readonly string[], flags: SubscribeFlags) => subscribe(channels, flags, context));
};
