/**
 * One webhook of one app: occurrences in, signed requests out, in order for each channel.
 *
 *   occurrence → channel filter → debounce → type filter → queue → batch → attempt ⟲ retry → delivered or given up
 */
import type { Failure } from "@antiphon/websocket";
import type { App, WebhookSettings } from "../apps/app.ts";
import type { ChannelOccurrence } from "../channels/channel-hub.ts";
import { webhookFailures } from "../failures/webhook-failures.ts";
import type { Now, Scheduler, TimeOfDay } from "../pusher/scheduler.ts";
import { type BatchSettings, BatchWindow } from "./batching.ts";
import { Debounce } from "./debounce.ts";
import { retryDelayMs } from "./retry.ts";
import { formatWebhookBody, formatWebhookEvent, isForChannel } from "./webhook-event.ts";
import { readCustomHeaders, signHeaders } from "./webhook-headers.ts";
import type { QueuedEvent, WebhookQueue } from "./webhook-queue.ts";
import {
  describeTarget,
  type SendResult,
  type WebhookRequest,
  type WebhookSender,
} from "./webhook-sender.ts";

/** What came of some events, for metrics. Only `retrying` is not the end of them. */
export interface DeliveryResult {
  readonly outcome: "delivered" | "retrying" | "given-up" | "dropped" | "lost-on-shutdown";
  readonly events: number;
  /** 0 for events that were never sent. */
  readonly attempts: number;
  /** Of the last attempt. */
  readonly durationMs: number;
  readonly status?: number;
}

/** How all webhooks are delivered. */
export interface DeliverySettings {
  readonly batching: BatchSettings;
  /** Time from the first attempt in which a failed delivery is tried again; 0 tries once. */
  readonly retryForMs: number;
  /** Deliveries of one target under way, those that wait for a retry included. */
  readonly maxConcurrentRequests: number;
}

export interface WebhookTargetOptions {
  readonly app: App;
  readonly webhook: WebhookSettings;
  readonly delivery: DeliverySettings;
  readonly queue: WebhookQueue;
  readonly sender: WebhookSender;
  readonly now: Now;
  /** Tells receivers when a request was put together. */
  readonly timeOfDay: TimeOfDay;
  readonly scheduler: Scheduler;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly onDelivery: (result: DeliveryResult) => void;
  readonly report: (failure: Failure, appId: string) => void;
}

interface Delivery {
  readonly events: readonly QueuedEvent[];
  readonly request: WebhookRequest;
  readonly startedMs: number;
  attempts: number;
  /** While it waits for its next attempt. */
  cancelRetry?: (() => void) | undefined;
}

export class WebhookTarget {
  readonly #options: WebhookTargetOptions;
  readonly #url: URL;
  readonly #target: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #debounce: Debounce;
  readonly #window: BatchWindow;
  readonly #deliveries = new Set<Delivery>();
  /** Names of failures that the log has had since the last success. */
  readonly #reported = new Set<string>();
  /** Calls of the queue under way. */
  #queueing = 0;
  #pumping = false;
  #mustPump = false;
  #abandoned = false;
  /** Those who wait until nothing is left. */
  readonly #flushes: (() => void)[] = [];

  constructor(options: WebhookTargetOptions) {
    const { webhook, delivery, now, scheduler } = options;
    this.#options = options;
    this.#url = new URL(webhook.url);
    this.#target = describeTarget(this.#url);
    const { headers, invalid } = readCustomHeaders(webhook.headers);
    this.#headers = headers;
    for (const header of invalid) {
      this.#reportOnce(webhookFailures.create("webhook-header-invalid", { target: this.#target, header }));
    }
    this.#window = new BatchWindow(delivery.batching, scheduler, () => this.#pump());
    this.#debounce = new Debounce({
      delayMs: webhook.debounceMs,
      now,
      scheduler,
      emit: (occurrence) => this.#enqueue(occurrence),
    });
  }

  /** Takes note of what happened; delivers it if this webhook wants it. Never throws. */
  accept(occurrence: ChannelOccurrence): void {
    if (isForChannel(this.#options.webhook, occurrence.channel)) this.#debounce.accept(occurrence);
  }

  /** Events that wait or are under way, without departures that may yet be cancelled. */
  async depth(): Promise<number> {
    let underWay = 0;
    for (const { events } of this.#deliveries) underWay += events.length;
    try {
      return underWay + (await this.#options.queue.depth());
    } catch {
      this.#reportQueue();
      return underWay;
    }
  }

  /**
   * Sends everything that waits at once, failed deliveries once more as well. Resolves when nothing is left, or after
   * `abandon`.
   */
  async flush(): Promise<void> {
    this.#debounce.flush();
    this.#window.stopWaiting();
    for (const delivery of this.#deliveries) {
      if (delivery.cancelRetry) void this.#attempt(delivery);
    }
    const idle = new Promise<void>((resolve) => {
      this.#flushes.push(resolve);
    });
    await this.#settleIdle();
    return idle;
  }

  /** Ends all retries; counts what was not delivered as lost. Attempts under way are the sender's to break off. */
  async abandon(): Promise<void> {
    const events = await this.depth();
    this.#abandoned = true;
    for (const { cancelRetry } of this.#deliveries) cancelRetry?.();
    this.#deliveries.clear();
    if (events > 0) {
      this.#reportOnce(webhookFailures.create("webhook-lost-on-shutdown", { target: this.#target, events }));
      this.#options.onDelivery({ outcome: "lost-on-shutdown", events, attempts: 0, durationMs: 0 });
    }
    this.#endFlushes();
  }

  #enqueue(occurrence: ChannelOccurrence): void {
    const { webhook, app, queue } = this.#options;
    if (this.#abandoned || !webhook.eventTypes.includes(occurrence.name)) return;
    const json = formatWebhookEvent(occurrence, app.profile);
    this.#useQueue(async () => {
      const dropped = await queue.add(occurrence.channel, json);
      if (dropped > 0) this.#noteDropped(dropped);
      this.#window.noteAdded();
    });
  }

  #noteDropped(dropped: number): void {
    this.#window.noteRemoved(dropped);
    this.#reportOnce(webhookFailures.create("webhook-queue-full", { target: this.#target, dropped }));
    this.#options.onDelivery({ outcome: "dropped", events: dropped, attempts: 0, durationMs: 0 });
  }

  /** Starts as many deliveries as may be under way. One at a time: else a slow queue would be asked for too many. */
  #pump(): void {
    this.#mustPump = true;
    if (this.#pumping) return;
    this.#pumping = true;
    this.#useQueue(async () => {
      try {
        while (this.#mustPump) {
          this.#mustPump = false;
          await this.#startDeliveries();
        }
      } finally {
        this.#pumping = false;
      }
    });
  }

  async #startDeliveries(): Promise<void> {
    const { delivery, queue } = this.#options;
    while (!this.#abandoned && this.#deliveries.size < delivery.maxConcurrentRequests) {
      const { size } = this.#window;
      const events = size === 0 ? [] : await queue.take(size);
      if (events.length === 0) return;
      this.#window.noteRemoved(events.length);
      this.#start(events);
    }
  }

  #start(events: readonly QueuedEvent[]): void {
    const { app, now, timeOfDay } = this.#options;
    const body = formatWebhookBody(events, timeOfDay());
    const request = { url: this.#url, headers: signHeaders(app, body, this.#headers), body };
    const delivery: Delivery = { events, request, startedMs: now(), attempts: 0 };
    this.#deliveries.add(delivery);
    void this.#attempt(delivery);
  }

  async #attempt(delivery: Delivery): Promise<void> {
    const { sender, now } = this.#options;
    const startedMs = now();
    delivery.cancelRetry?.();
    delivery.cancelRetry = undefined;
    delivery.attempts++;
    const result = await sender.send(delivery.request);
    if (!this.#abandoned) this.#judge(delivery, result, now() - startedMs);
  }

  #judge(delivery: Delivery, result: SendResult, durationMs: number): void {
    const { onDelivery, scheduler, random, now } = this.#options;
    const { events, attempts } = delivery;
    const told = {
      events: events.length,
      attempts,
      durationMs,
      ...(result.status === undefined ? {} : { status: result.status }),
    };
    if (result.ok) {
      this.#reported.clear();
      onDelivery({ outcome: "delivered", ...told });
      this.#finish(delivery);
      return;
    }
    this.#reportOnce(result.failure);
    const delayMs = retryDelayMs(attempts, random());
    if (this.#isWorthRetrying(result.failure, delivery, now() + delayMs)) {
      onDelivery({ outcome: "retrying", ...told });
      delivery.cancelRetry = scheduler.schedule(delayMs, () => void this.#attempt(delivery));
      return;
    }
    const evidence = { target: this.#target, events: events.length, attempts, cause: result.failure.name };
    this.#reportOnce(webhookFailures.create("webhook-given-up", evidence));
    onDelivery({ outcome: "given-up", ...told });
    this.#finish(delivery);
  }

  #isWorthRetrying(failure: Failure, { startedMs }: Delivery, nextMs: number): boolean {
    return failure.retry === "backoff" && nextMs - startedMs <= this.#options.delivery.retryForMs;
  }

  #finish(delivery: Delivery): void {
    this.#deliveries.delete(delivery);
    this.#useQueue(async () => {
      await this.#options.queue.settle(delivery.events);
      this.#pump();
    });
  }

  /** Whoever is told of occurrences must not wait for the queue, nor fail with it. */
  #useQueue(work: () => Promise<void>): void {
    this.#queueing++;
    void work()
      .catch(() => this.#reportQueue())
      .finally(() => {
        this.#queueing--;
        if (this.#flushes.length > 0) void this.#settleIdle();
      });
  }

  async #settleIdle(): Promise<void> {
    if (this.#queueing === 0 && this.#deliveries.size === 0 && (await this.depth()) === 0) this.#endFlushes();
  }

  #endFlushes(): void {
    for (const resolve of this.#flushes.splice(0)) resolve();
  }

  #reportQueue(): void {
    this.#reportOnce(webhookFailures.create("webhook-queue-unavailable", { target: this.#target }));
  }

  #reportOnce(failure: Failure): void {
    if (this.#reported.has(failure.name)) return;
    this.#reported.add(failure.name);
    this.#options.report(failure, this.#options.app.id);
  }
}
