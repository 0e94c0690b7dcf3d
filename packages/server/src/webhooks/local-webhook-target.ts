/**
 * One webhook of one app in a process that raises and delivers by itself: occurrences in, signed requests out. What waits in
 * memory when the process dies is lost.
 *
 *   occurrence → channel filter → debounce → type filter → queue → deliverer
 */
import type { ChannelOccurrence } from "../channels/channel-hub.ts";
import { webhookFailures } from "../failures/webhook-failures.ts";
import { Debounce } from "./debounce.ts";
import { WebhookDeliverer, type WebhookDelivererOptions } from "./webhook-deliverer.ts";
import { formatWebhookEvent, isForChannel } from "./webhook-event.ts";
import type { WebhookQueue } from "./webhook-queue.ts";
import { describeTarget } from "./webhook-sender.ts";
import type { WebhookTarget } from "./webhook-target.ts";

export interface LocalWebhookTargetOptions
  extends Omit<WebhookDelivererOptions, "queue" | "keepsDeadLetters"> {
  readonly queue: WebhookQueue;
}

export class LocalWebhookTarget implements WebhookTarget {
  readonly #options: LocalWebhookTargetOptions;
  readonly #target: string;
  readonly #debounce: Debounce;
  readonly #deliverer: WebhookDeliverer;
  #abandoned = false;

  constructor(options: LocalWebhookTargetOptions) {
    const { webhook, now, scheduler } = options;
    this.#options = options;
    this.#target = describeTarget(new URL(webhook.url));
    this.#deliverer = new WebhookDeliverer({ ...options, keepsDeadLetters: false });
    this.#debounce = new Debounce({
      delayMs: webhook.debounceMs,
      now,
      scheduler,
      emit: (occurrence) => this.#enqueue(occurrence),
    });
  }

  accept(occurrence: ChannelOccurrence): void {
    if (isForChannel(this.#options.webhook, occurrence.channel)) this.#debounce.accept(occurrence);
  }

  /** Whoever raises delivers: nothing depends on who leads. */
  lead(): void {}

  /** Nor is anything remembered elsewhere. */
  remember(): void {}

  stopLeading(): Promise<void> {
    return Promise.resolve();
  }

  queued(): Promise<void> {
    return Promise.resolve();
  }

  depth(): Promise<number> {
    return this.#deliverer.depth();
  }

  /** Delivers everything at once. */
  flush(): Promise<void> {
    this.#debounce.flush();
    return this.#deliverer.flush();
  }

  async abandon(): Promise<void> {
    const events = await this.#deliverer.depth();
    this.#abandoned = true;
    const { reports, onDelivery } = this.#options;
    if (events > 0) {
      reports.once(webhookFailures.create("webhook-lost-on-shutdown", { target: this.#target, events }));
      onDelivery({ outcome: "lost-on-shutdown", events, attempts: 0, durationMs: 0 });
    }
    this.#deliverer.abandon();
  }

  #enqueue(occurrence: ChannelOccurrence): void {
    const { webhook, app, queue } = this.#options;
    if (this.#abandoned || !webhook.eventTypes.includes(occurrence.name)) return;
    const json = formatWebhookEvent(occurrence, app.profile);
    this.#deliverer.useQueue(async () => {
      const dropped = await queue.add(occurrence.channel, json);
      if (dropped > 0) this.#noteDropped(dropped);
      this.#deliverer.noteAdded(1);
    });
  }

  #noteDropped(dropped: number): void {
    const { reports, onDelivery } = this.#options;
    this.#deliverer.noteDropped(dropped);
    reports.once(webhookFailures.create("webhook-queue-full", { target: this.#target, dropped }));
    onDelivery({ outcome: "dropped", events: dropped, attempts: 0, durationMs: 0 });
  }
}
