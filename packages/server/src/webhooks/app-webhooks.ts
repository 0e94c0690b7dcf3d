/**
 * The webhooks of all apps: one dispatcher for each, made when the app first has something to tell, and replaced when its
 * webhooks or secrets change. The composition root feeds it from every hub and flushes it at the end.
 */
import { isDeepStrictEqual } from "node:util";
import type { App } from "../apps/app.ts";
import type { ChannelOccurrence } from "../channels/channel-hub.ts";
import type { ClusterView } from "./leading-view.ts";
import { WebhookDispatcher, type WebhookDispatcherOptions } from "./webhook-dispatcher.ts";

interface Entry {
  /** As the dispatcher knows it. */
  app: App;
  readonly dispatcher: WebhookDispatcher;
}

/** Webhooks of settings that hold no longer have at least this long for what they have, also where nothing is tried twice. */
const leastLeaveMs = 60_000;

export class AppWebhooks {
  readonly #options: Omit<WebhookDispatcherOptions, "app" | "after">;
  readonly #entries = new Map<string, Entry>();
  /** Of settings that hold no longer; they deliver what they have. */
  readonly #leaving = new Set<WebhookDispatcher>();
  /** Until those that they replace have ended their attempts. */
  readonly #waiting = new Set<WebhookDispatcher>();
  /** While this node leads. */
  #view: ClusterView | undefined;

  constructor(options: Omit<WebhookDispatcherOptions, "app" | "after">) {
    this.#options = options;
  }

  /** Tells the webhooks of the app, as the app is now. Never throws, never waits. */
  accept(app: App, occurrence: ChannelOccurrence): void {
    this.#dispatcherOf(app).accept(occurrence);
  }

  /** From here on this node delivers for all, where queues are shared; apps that nothing was heard of included. */
  lead(view: ClusterView): void {
    this.#view = view;
    this.update();
  }

  /** What joins the nodes is away, see {@link WebhookTarget.remember}. */
  remember(view: ClusterView): void {
    for (const app of view.apps()) if (app.webhooks.length > 0) this.#dispatcherOf(app).remember(view);
  }

  /** Another node does. */
  stopLeading(): void {
    this.#view = undefined;
    for (const dispatcher of this.#all()) void dispatcher.stopLeading();
  }

  /** Apps may have changed: a node that leads must deliver for those that are new. */
  update(): void {
    const view = this.#view;
    if (view === undefined) return;
    for (const app of view.apps()) {
      if (app.webhooks.length === 0 && !this.#entries.has(app.id)) continue;
      const dispatcher = this.#dispatcherOf(app);
      if (!this.#waiting.has(dispatcher)) dispatcher.lead(view);
    }
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

  #dispatcherOf(app: App): WebhookDispatcher {
    const known = this.#entries.get(app.id);
    if (known?.app === app) return known.dispatcher;
    if (known !== undefined && hasSameWebhooks(known.app, app)) {
      known.app = app;
      return known.dispatcher;
    }
    const after = known?.dispatcher.queued() ?? Promise.resolve();
    const dispatcher = new WebhookDispatcher({ ...this.#options, app, after });
    this.#entries.set(app.id, { app, dispatcher });
    if (known !== undefined) void this.#replace(known.dispatcher, dispatcher);
    else if (this.#view) dispatcher.lead(this.#view);
    return dispatcher;
  }

  /** What both may deliver is left to the new one, once the attempts of the old one have ended. */
  async #replace(old: WebhookDispatcher, dispatcher: WebhookDispatcher): Promise<void> {
    this.#waiting.add(dispatcher);
    const stopped = old.stopLeading();
    void this.#retire(old);
    await stopped;
    this.#waiting.delete(dispatcher);
    if (this.#view) dispatcher.lead(this.#view);
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
