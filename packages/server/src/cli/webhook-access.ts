/**
 * What the commands of `antiphon webhooks` work on: the stores of all configured webhooks, found by the same configuration as
 * the server's. Whatever keeps a command from them is printed here, and the exit code set.
 */

import type { Failure } from "@antiphon/websocket";
import type { Command } from "commander";
import { type Config, loadConfig } from "../config/load-config.ts";
import { createWebhookStores } from "../lifecycle/webhook-stores.ts";
import { identifyWebhooks } from "../webhooks/webhook-identity.ts";
import { describeTarget } from "../webhooks/webhook-sender.ts";
import type { WebhookStore, WebhookStores } from "../webhooks/webhook-store.ts";
import { type CommandContext, exitCodes } from "./command-context.ts";
import { renderFindings } from "./render-findings.ts";
import { readConfigSources } from "./setting-flags.ts";
import { complain } from "./target-flags.ts";
import { chooseStyle } from "./text-style.ts";

/** One configured webhook with its store. */
export interface OpenWebhook {
  readonly appId: string;
  readonly webhookId: string;
  /** URL without credentials and query. */
  readonly target: string;
  readonly store: WebhookStore;
}

/** Runs the work on the webhooks of all apps, or of the one that is named; closes the connection after it. */
export async function withWebhooks(
  command: Command,
  context: CommandContext,
  work: (webhooks: readonly OpenWebhook[]) => Promise<void>,
): Promise<void> {
  const result = await loadConfig(readConfigSources(command, context));
  const { app: appId } = command.opts<{ app?: string }>();
  if (!result.ok) {
    fail(context, renderFindings(result.problems, chooseStyle(context.stderr, context.env)));
  } else if (appId !== undefined && result.config.apps.every(({ id }) => id !== appId)) {
    complain(`no app with the id ${JSON.stringify(appId)} is configured.`, context);
  } else {
    await runWithStores(result.config, appId, context, work);
  }
}

async function runWithStores(
  config: Config,
  appId: string | undefined,
  context: CommandContext,
  work: (webhooks: readonly OpenWebhook[]) => Promise<void>,
): Promise<void> {
  const failures: Failure[] = [];
  const stores = createWebhookStores(config, { watches: false, report: (failure) => failures.push(failure) });
  if (stores === undefined) {
    fail(
      context,
      "Nothing to look at: webhooks wait in the memory of the server (webhooks.queue), where other processes cannot see\n" +
        "them, and what is given up is only logged. Set webhooks.queue to redis or nats to keep them.\n",
    );
    return;
  }
  try {
    await stores.start();
    await work(openAll(config, appId, stores));
  } catch (error) {
    const style = chooseStyle(context.stderr, context.env);
    const message = error instanceof Error ? error.message : String(error);
    fail(context, `${renderFindings(failures, style)}${stores.name} cannot be used: ${message}\n`);
  } finally {
    await stores.close();
  }
}

function openAll(config: Config, appId: string | undefined, stores: WebhookStores): readonly OpenWebhook[] {
  return config.apps
    .filter(({ id }) => appId === undefined || id === appId)
    .flatMap(({ id, webhooks }) => {
      const webhookIds = identifyWebhooks(webhooks);
      return webhooks.map(({ url }, index) => {
        const webhookId = webhookIds[index] ?? "";
        const store = stores.open({ appId: id, webhookId });
        return { appId: id, webhookId, target: describeTarget(new URL(url)), store };
      });
    });
}

function fail(context: CommandContext, text: string): void {
  context.stderr.write(text);
  context.setExitCode(exitCodes.couldNotRun);
}
