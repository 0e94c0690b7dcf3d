/**
 * The webhooks of all apps: one dispatcher for each, made when the app first has something to tell, and replaced when its
 * webhooks or secrets change. The composition root feeds it from every hub and flushes it at the end.
 */
import { isDeepStrictEqual } from "node:util";
import type { App } from "../apps/app.ts";
import type { ChannelOccurrence } from "../channels/channel-hub.ts";
import { WebhookDispatcher, type WebhookDispatcherOptions } from "./webhook-dispatcher.ts";

interface Entry {
  /** As the dispatcher knows it. */
  app: App;
  readonly dispatcher: WebhookDispatcher;
}

/** Webhooks of settings that hold no longer have at least this long for what they have, also where nothing is tried twice. */
const leastLeaveMs = 60_000;

export class AppWebhooks {
  readonly #options: Omit<WebhookDispatcherOptions, "app">;
  readonly #entries = new Map<string, Entry>();
  /** Of settings that hold no longer; they deliver what they have. */
  readonly #leaving = new Set<WebhookDispatcher>();

  constructor(options: Omit<WebhookDispatcherOptions, "app">) {
    this.#options = options;
  }

  /** Tells the webhooks of the app, as the app is now. Never throws, never waits. */
  accept(app: App, occurrence: ChannelOccurrence): void {
    const known = this.#entries.get(app.id);
    if (known?.app === app) {
      known.dispatcher.accept(occurrence);
      return;
    }
    if (known !== undefined && hasSameWebhooks(known.app, app)) {
      known.app = app;
      known.dispatcher.accept(occurrence);
      return;
    }
    if (known !== undefined) void this.#retire(known.dispatcher);
    const dispatcher = new WebhookDispatcher({ ...this.#options, app });
    this.#entries.set(app.id, { app, dispatcher });
    dispatcher.accept(occurrence);
  }

  /** Events that are queued or under way. */
  async depth(): Promise<number> {
    const depths = await Promise.all(this.#all().map((dispatcher) => dispatcher.depth()));
    return depths.reduce((sum, depth) => sum + depth, 0);
  }

  /** Delivers what is left of all apps, as {@link WebhookDispatcher.flush} does. */
  async flush(deadlineMs: number): Promise<void> {
    await Promise.all(this.#all().map((dispatcher) => dispatcher.flush(deadlineMs)));
  }

  async #retire(dispatcher: WebhookDispatcher): Promise<void> {
    this.#leaving.add(dispatcher);
    await dispatcher.flush(Math.max(leastLeaveMs, this.#options.delivery.retryForMs));
    this.#leaving.delete(dispatcher);
  }

  #all(): readonly WebhookDispatcher[] {
    return [...this.#leaving, ...[...this.#entries.values()].map(({ dispatcher }) => dispatcher)];
  }
}

/** A reload makes every app anew; only a change that concerns webhooks may disturb what is under way. */
function hasSameWebhooks(one: App, other: App): boolean {
  return (
    one.key === other.key &&
    one.secret === other.secret &&
    one.previousSecret === other.previousSecret &&
    one.profile === other.profile &&
    isDeepStrictEqual(one.webhooks, other.webhooks)
  );
}
