/** `antiphon trigger CHANNEL EVENT DATA`: publishes one event through the signed HTTP API. */

import { describeFailure } from "../doctor/conclude.ts";
import { publish } from "../pusher-client/publish.ts";
import type { TargetFlags } from "../pusher-client/pusher-target.ts";
import { shortenText } from "./safe-text.ts";
import { type CommandContext, exitCodes, type RegisterCommand } from "./command-context.ts";
import { addTargetFlags, complain, readTargetOrComplain } from "./target-flags.ts";
import { chooseStyle } from "./text-style.ts";

interface TriggerFlags extends TargetFlags {
  readonly socketId?: string;
  readonly insecure: boolean;
}

const timeoutMs = 10_000;

async function trigger(
  [channel, name, data]: readonly [channel: string, event: string, data: string],
  flags: TriggerFlags,
  context: CommandContext,
): Promise<void> {
  const target = readTargetOrComplain(flags, context);
  if (!target) return;
  if (target.appId === "" || target.secret === "") {
    complain("an app other than the development app needs --app-id, --key and --secret.", context);
    return;
  }
  const { socketId, insecure } = flags;
  const publication = { channels: [channel], name, data, ...(socketId !== undefined && { socketId }) };
  const access = { apiUrl: target.apiUrl, timeoutMs, insecure };
  const { answer, failure, skewSeconds } = await publish(access, target, publication, Date.now);
  if (answer) context.stdout.write(`${answer.status} ${shortenText(answer.body.trim(), 2000)}\n`);
  if (!failure) return;
  const style = chooseStyle(context.stderr, context.env);
  context.stderr.write(`${style("red", "refused")}: ${describeFailure(failure)}\n`);
  if (skewSeconds !== undefined && skewSeconds !== 0) {
    const direction = skewSeconds < 0 ? "behind" : "ahead of";
    context.stderr.write(`This machine's clock is ${Math.abs(skewSeconds)} s ${direction} the server's.\n`);
  }
  context.setExitCode(answer ? exitCodes.findings : exitCodes.couldNotRun);
}

/** Adds the command. */
export const registerTriggerCommand: RegisterCommand = (program, context) => {
  const command = program
    .command("trigger")
    .description("publish one event to a channel")
    .argument("<channel>", "name of the channel")
    .argument("<event>", "name of the event")
    .argument("[data]", "JSON or any other text, sent as it is", "{}");
  addTargetFlags(command)
    .option("--socket-id <id>", "connection that does not get the event")
    .action((channel: string, event: string, data: string, flags: TriggerFlags) =>
      trigger([channel, event, data], flags, context),
    );
};
