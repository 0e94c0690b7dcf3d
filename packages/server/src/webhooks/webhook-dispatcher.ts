/**
 * The webhooks of one app: what happens in its channels in, requests to its receivers out. Webhooks are independent of each
 * other; each has its own queue, order and retries. Fed by the app's hub, flushed when the server stops.
 */
import type { Failure } from "@antiphon/websocket";
import type { App } from "../apps/app.ts";
import type { ChannelOccurrence } from "../channels/channel-hub.ts";
import type { Now, Scheduler, TimeOfDay } from "../pusher/scheduler.ts";
import { MemoryWebhookQueue, type WebhookQueue } from "./webhook-queue.ts";
import type { WebhookSender } from "./webhook-sender.ts";
import { type DeliveryResult, type DeliverySettings, WebhookTarget } from "./webhook-target.ts";

export interface WebhookDispatcherOptions {
  readonly app: App;
  readonly delivery: DeliverySettings & {
    /** Waiting for one target; above it the oldest are dropped. */
    readonly maxQueuedEvents: number;
  };
  /** Shared by the dispatchers of all apps. */
  readonly sender: WebhookSender;
  readonly now: Now;
  readonly timeOfDay: TimeOfDay;
  readonly scheduler: Scheduler;
  /** From 0 to 1; left out, `Math.random`. */
  readonly random?: () => number;
  /** The queue of the webhook at this place in the app's list; left out, one in memory. */
  readonly createQueue?: (index: number) => WebhookQueue;
  readonly onDelivery?: (result: DeliveryResult, appId: string) => void;
  /** Told of each kind of failure once, until a delivery succeeds again. */
  readonly report: (failure: Failure, appId: string) => void;
}

/** Waiting JSON of one target in memory. */
const maxQueuedBytes = 64 * 1024 * 1024;

export class WebhookDispatcher {
  readonly #targets: readonly WebhookTarget[];
  readonly #scheduler: Scheduler;

  constructor(options: WebhookDispatcherOptions) {
    const { app, delivery, sender, now, timeOfDay, scheduler, onDelivery, report } = options;
    const { random = Math.random } = options;
    this.#scheduler = scheduler;
    const limits = { maxEvents: delivery.maxQueuedEvents, maxBytes: maxQueuedBytes };
    this.#targets = app.webhooks.map(
      (webhook, index) =>
        new WebhookTarget({
          app,
          webhook,
          delivery,
          queue: options.createQueue?.(index) ?? new MemoryWebhookQueue(limits),
          sender,
          now,
          timeOfDay,
          scheduler,
          random,
          onDelivery: (result) => onDelivery?.(result, app.id),
          report,
        }),
    );
  }

  /** Tells every webhook that wants to know. Never throws, never waits. */
  accept(occurrence: ChannelOccurrence): void {
    for (const target of this.#targets) target.accept(occurrence);
  }

  /** Events that are queued or under way. */
  async depth(): Promise<number> {
    const depths = await Promise.all(this.#targets.map((target) => target.depth()));
    return depths.reduce((sum, depth) => sum + depth, 0);
  }

  /**
   * Delivers what is left, for as long as the deadline allows; then gives up the rest, and reports it. Departures no longer
   * wait to be cancelled: the connections that would cancel them are gone.
   */
  async flush(deadlineMs: number): Promise<void> {
    const cancelDeadline = this.#scheduler.schedule(deadlineMs, () => {
      for (const target of this.#targets) void target.abandon();
    });
    await Promise.all(this.#targets.map((target) => target.flush()));
    cancelDeadline();
  }
}
