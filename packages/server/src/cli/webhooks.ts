/**
 * `antiphon webhooks`: what waits for delivery (`queue`) and what was given up (`dead list`, `dead replay`, `dead delete`), of
 * a server that is running or not, as long as its queues are in Redis or NATS.
 */

import { type Command, InvalidArgumentError } from "commander";
import type { DeadLetter } from "../webhooks/webhook-store.ts";
import { type CommandContext, exitCodes, type RegisterCommand } from "./command-context.ts";
import { renderTable } from "./render-table.ts";
import { addSettingFlags } from "./setting-flags.ts";
import { complain } from "./target-flags.ts";
import { type OpenWebhook, withWebhooks } from "./webhook-access.ts";

interface Flags {
  readonly json: boolean;
  readonly limit: number;
  readonly all: boolean;
}

/** More are listed with --limit. */
const defaultLimit = 50;
const maxLimit = 10_000;

function parseLimit(text: string): number {
  const limit = Number(text);
  if (/^\d+$/.test(text) && limit >= 1 && limit <= maxLimit) return limit;
  throw new InvalidArgumentError(`Give a whole number from 1 to ${maxLimit}.`);
}

/** Names a dead letter among those of all webhooks. */
function nameLetter({ appId, webhookId }: OpenWebhook, { id }: DeadLetter): string {
  return `${appId}/${webhookId}/${id}`;
}

async function showQueues(webhooks: readonly OpenWebhook[], flags: Flags, context: CommandContext) {
  const queues = await Promise.all(
    webhooks.map(async ({ appId, webhookId, target, store }) => {
      const { events, deadLetters, oldestAtMs } = await store.depth();
      const oldestAgeSeconds =
        oldestAtMs === undefined ? null : Math.max(0, Math.round((Date.now() - oldestAtMs) / 1000));
      return { app: appId, webhook: webhookId, target, events, oldestAgeSeconds, deadLetters };
    }),
  );
  if (flags.json) {
    context.stdout.write(`${JSON.stringify(queues, null, 2)}\n`);
    return;
  }
  if (queues.length === 0) context.stdout.write("No webhooks are configured.\n");
  else {
    const rows = queues.map(({ app, target, events, oldestAgeSeconds, deadLetters }) => [
      app,
      target,
      String(events),
      oldestAgeSeconds === null ? "-" : `${oldestAgeSeconds} s`,
      String(deadLetters),
    ]);
    context.stdout.write(renderTable(["APP", "WEBHOOK", "WAITING", "OLDEST", "DEAD"], rows));
  }
}

async function listDead(webhooks: readonly OpenWebhook[], flags: Flags, context: CommandContext) {
  const lists = await Promise.all(
    webhooks.map(async (webhook) => {
      const letters = await webhook.store.listDead(flags.limit);
      return letters.map((letter) => ({ webhook, letter }));
    }),
  );
  const found = lists
    .flat()
    .toSorted((one, other) => one.letter.givenUpAtMs - other.letter.givenUpAtMs)
    .slice(0, flags.limit)
    .map(({ webhook, letter }) => describeLetter(webhook, letter));
  if (flags.json) {
    context.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
    return;
  }
  if (found.length === 0) context.stdout.write("There are no dead letters.\n");
  else {
    const rows = found.map(({ id, target, event, channel, givenUpAt, attempts, status, failure }) => [
      id,
      target,
      String((event as { name?: unknown }).name),
      channel,
      givenUpAt,
      String(attempts),
      status === undefined ? failure : `${failure} (${status})`,
    ]);
    const titles = ["ID", "WEBHOOK", "EVENT", "CHANNEL", "GIVEN UP", "ATTEMPTS", "LAST FAILURE"];
    context.stdout.write(renderTable(titles, rows));
  }
}

function describeLetter(webhook: OpenWebhook, letter: DeadLetter) {
  const { channel, json, raisedAtMs, givenUpAtMs, failure, attempts, status } = letter;
  return {
    id: nameLetter(webhook, letter),
    app: webhook.appId,
    target: webhook.target,
    channel,
    // We wrote it ourselves, as an object.
    event: JSON.parse(json) as object,
    raisedAt: new Date(raisedAtMs).toISOString(),
    givenUpAt: new Date(givenUpAtMs).toISOString(),
    attempts,
    failure,
    ...(status !== undefined && { status }),
  };
}

/** Replays or deletes the named dead letters, or all; what of them is not there is a finding. */
async function changeDead(
  change: "replayDead" | "deleteDead",
  webhooks: readonly OpenWebhook[],
  names: readonly string[],
  flags: Flags,
  context: CommandContext,
): Promise<void> {
  const unknown = new Set(names);
  let count = 0;
  for (const webhook of webhooks) {
    if (flags.all) {
      count += await webhook.store[change]();
      continue;
    }
    const prefix = `${webhook.appId}/${webhook.webhookId}/`;
    if (!names.some((name) => name.startsWith(prefix))) continue;
    const there = await webhook.store.listDead(maxLimit);
    // In the order of the list, which is that of the channels.
    const ids = there.map(({ id }) => id).filter((id) => unknown.has(prefix + id));
    count += await webhook.store[change](ids);
    for (const id of ids) unknown.delete(prefix + id);
  }
  const done = change === "replayDead" ? "replayed" : "deleted";
  if (flags.json) {
    context.stdout.write(`${JSON.stringify({ [done]: count, unknown: [...unknown] }, null, 2)}\n`);
  } else {
    context.stdout.write(`${count} ${done}.\n`);
    for (const name of unknown) context.stderr.write(`There is no dead letter ${JSON.stringify(name)}.\n`);
  }
  if (unknown.size > 0) context.setExitCode(exitCodes.findings);
}

function addCommonFlags(command: Command): Command {
  command.option("--app <id>", "only the webhooks of this app").option("--json", "print JSON", false);
  return addSettingFlags(command);
}

function addChange(
  parent: Command,
  name: string,
  description: string,
  change: "replayDead" | "deleteDead",
  context: CommandContext,
): void {
  const command = parent
    .command(name)
    .description(description)
    .argument("[ids...]", "dead letters, as the list names them")
    .option("--all", "all of them", false);
  addCommonFlags(command).action(async (names: readonly string[], flags: Flags) => {
    if (flags.all !== (names.length === 0)) {
      complain("name dead letters by their ids, or give --all.", context);
      return;
    }
    await withWebhooks(command, context, (webhooks) => changeDead(change, webhooks, names, flags, context));
  });
}

/** Adds the commands. */
export const registerWebhooksCommand: RegisterCommand = (program, context) => {
  const webhooks = program
    .command("webhooks")
    .description("look at the queues of webhooks in Redis or NATS, and at what was given up");
  const queue = webhooks.command("queue").description("show how many events wait for each webhook");
  addCommonFlags(queue).action((flags: Flags) =>
    withWebhooks(queue, context, (open) => showQueues(open, flags, context)),
  );
  const dead = webhooks.command("dead").description("list, replay and delete events that were given up");
  const list = dead
    .command("list")
    .description("list dead letters, oldest first")
    .option("--limit <count>", "how many at most", parseLimit, defaultLimit);
  addCommonFlags(list).action((flags: Flags) =>
    withWebhooks(list, context, (open) => listDead(open, flags, context)),
  );
  addChange(dead, "replay", "put dead letters back into the queue, in their order", "replayDead", context);
  addChange(dead, "delete", "forget dead letters", "deleteDead", context);
};
