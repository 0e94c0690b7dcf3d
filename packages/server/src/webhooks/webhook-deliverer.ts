/**
 * The sending half of one webhook: takes events from a queue, puts them together to signed requests, and sends each until it
 * is delivered or given up. In order for each channel, with a bounded number under way.
 *
 *   queue → batch → attempt ⟲ retry → delivered or given up → settled
 */
import type { Failure } from "@antiphon/websocket";
import type { App, WebhookSettings } from "../apps/app.ts";
import { webhookFailures } from "../failures/webhook-failures.ts";
import type { Now, Scheduler, TimeOfDay } from "../pusher/scheduler.ts";
import { BatchWindow } from "./batching.ts";
import { retryDelayMs } from "./retry.ts";
import { formatWebhookBody } from "./webhook-event.ts";
import { readCustomHeaders, signHeaders } from "./webhook-headers.ts";
import type { QueuedEvent, WebhookQueue } from "./webhook-queue.ts";
import type { WebhookReports } from "./webhook-reports.ts";
import {
  describeTarget,
  type SendResult,
  type WebhookRequest,
  type WebhookSender,
} from "./webhook-sender.ts";
import type { DeliveryResult, DeliverySettings } from "./webhook-target.ts";

export interface WebhookDelivererOptions {
  readonly app: App;
  readonly webhook: WebhookSettings;
  readonly delivery: DeliverySettings;
  readonly queue: Pick<WebhookQueue, "take" | "settle" | "depth">;
  /** What is given up stays in the queue's store as dead letters. */
  readonly keepsDeadLetters: boolean;
  readonly sender: WebhookSender;
  readonly now: Now;
  /** Tells receivers when a request was put together. */
  readonly timeOfDay: TimeOfDay;
  readonly scheduler: Scheduler;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly onDelivery: (result: DeliveryResult) => void;
  readonly reports: WebhookReports;
}

interface Delivery {
  readonly events: readonly QueuedEvent[];
  readonly request: WebhookRequest;
  /** From which on the time for retries counts; of events that are older than this process, when they were raised. */
  readonly startedMs: number;
  attempts: number;
  /** While it waits for its next attempt. */
  cancelRetry?: (() => void) | undefined;
}

export class WebhookDeliverer {
  readonly #options: WebhookDelivererOptions;
  readonly #url: URL;
  readonly #target: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #window: BatchWindow;
  readonly #deliveries = new Set<Delivery>();
  /** Calls of the queue under way. */
  #queueing = 0;
  #pumping = false;
  #mustPump = false;
  /** Nothing is begun any more, nor tried again. */
  #ended = false;
  /** Those who wait until nothing is left. */
  readonly #flushes: (() => void)[] = [];

  constructor(options: WebhookDelivererOptions) {
    const { webhook, delivery, scheduler, reports } = options;
    this.#options = options;
    this.#url = new URL(webhook.url);
    this.#target = describeTarget(this.#url);
    const { headers, invalid } = readCustomHeaders(webhook.headers);
    this.#headers = headers;
    for (const header of invalid) {
      reports.once(webhookFailures.create("webhook-header-invalid", { target: this.#target, header }));
    }
    this.#window = new BatchWindow(delivery.batching, scheduler, () => this.#pump());
  }

  /** So many more events can be taken. */
  noteAdded(events: number): void {
    for (let count = 0; count < events; count++) this.#window.noteAdded();
  }

  /** So many can no longer be taken. */
  noteDropped(events: number): void {
    this.#window.noteRemoved(events);
  }

  /** Events that wait or are under way. */
  async depth(): Promise<number> {
    let underWay = 0;
    for (const { events } of this.#deliveries) underWay += events.length;
    try {
      return underWay + (await this.#options.queue.depth());
    } catch (error) {
      this.#reportQueue(error);
      return underWay;
    }
  }

  /**
   * Sends everything that waits at once, failed deliveries once more as well. Resolves when nothing is left, or after
   * `abandon`.
   */
  async flush(): Promise<void> {
    this.#window.stopWaiting();
    for (const delivery of this.#deliveries) {
      if (delivery.cancelRetry) void this.#attempt(delivery);
    }
    const idle = new Promise<void>((resolve) => {
      this.#flushes.push(resolve);
    });
    await this.#endFlushesIfIdle();
    return idle;
  }

  /**
   * Leaves everything to whoever takes from the queue next; only attempts under way go on, and settle what they deliver.
   * Resolves when there is none.
   */
  release(): Promise<void> {
    this.#ended = true;
    for (const delivery of this.#deliveries) {
      if (delivery.cancelRetry) this.#forget(delivery);
    }
    if (this.#isIdle()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#flushes.push(resolve);
    });
  }

  /** Ends all retries; attempts under way are the sender's to break off, and nothing comes of them. */
  abandon(): void {
    this.#ended = true;
    for (const delivery of this.#deliveries) this.#forget(delivery);
    this.#endFlushes();
  }

  /** Whoever is told of occurrences must not wait for the queue, nor fail with it. */
  useQueue(work: () => Promise<void>): void {
    this.#queueing++;
    void work()
      .catch((error: unknown) => this.#reportQueue(error))
      .finally(() => {
        this.#queueing--;
        if (this.#flushes.length > 0) void this.#endFlushesIfIdle();
      });
  }

  /** Starts as many deliveries as may be under way. One at a time: else a slow queue would be asked for too many. */
  #pump(): void {
    this.#mustPump = true;
    if (this.#pumping) return;
    this.#pumping = true;
    this.useQueue(async () => {
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
    while (!this.#ended && this.#deliveries.size < delivery.maxConcurrentRequests) {
      const { size } = this.#window;
      const events = size === 0 ? [] : await queue.take(size);
      if (events.length === 0) return;
      this.#window.noteRemoved(events.length);
      this.#start(events);
    }
  }

  #start(events: readonly QueuedEvent[]): void {
    const { app, now, timeOfDay } = this.#options;
    const timeMs = timeOfDay();
    const body = formatWebhookBody(events, timeMs);
    const request = { url: this.#url, headers: signHeaders(app, body, this.#headers), body };
    const raisedAtMs = Math.min(timeMs, ...events.map((event) => event.raisedAtMs ?? timeMs));
    const delivery: Delivery = { events, request, startedMs: now() - (timeMs - raisedAtMs), attempts: 0 };
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
    if (this.#deliveries.has(delivery)) this.#judge(delivery, result, now() - startedMs);
  }

  #judge(delivery: Delivery, result: SendResult, durationMs: number): void {
    const { onDelivery, scheduler, random, now, reports } = this.#options;
    const { events, attempts } = delivery;
    const told = {
      events: events.length,
      attempts,
      durationMs,
      ...(result.status === undefined ? {} : { status: result.status }),
    };
    if (result.ok) {
      reports.forget();
      onDelivery({ outcome: "delivered", ...told });
      this.#finish(delivery);
      return;
    }
    reports.once(result.failure);
    const delayMs = retryDelayMs(attempts, random());
    const isRetried = this.#isWorthRetrying(result.failure, delivery, now() + delayMs);
    if (this.#ended) {
      // Whoever takes from the queue now may have begun the same: what becomes of it is not for this node to say.
      onDelivery({ outcome: "retrying", ...told });
      this.#forget(delivery);
      void this.#endFlushesIfIdle();
    } else if (isRetried) {
      onDelivery({ outcome: "retrying", ...told });
      delivery.cancelRetry = scheduler.schedule(delayMs, () => void this.#attempt(delivery));
    } else {
      this.#giveUp(delivery, result.failure, result.status);
      onDelivery({ outcome: "given-up", ...told });
    }
  }

  #isWorthRetrying(failure: Failure, { startedMs }: Delivery, nextMs: number): boolean {
    return failure.retry === "backoff" && nextMs - startedMs <= this.#options.delivery.retryForMs;
  }

  #giveUp(delivery: Delivery, failure: Failure, status: number | undefined): void {
    const { reports, keepsDeadLetters } = this.#options;
    const { events, attempts } = delivery;
    const name = keepsDeadLetters ? "webhook-dead-lettered" : "webhook-given-up";
    const evidence = { target: this.#target, events: events.length, attempts, cause: failure.name };
    reports.once(webhookFailures.create(name, evidence));
    this.#finish(delivery, { failure: failure.name, attempts, ...(status !== undefined && { status }) });
  }

  #finish(delivery: Delivery, givenUp?: Parameters<WebhookQueue["settle"]>[1]): void {
    this.#deliveries.delete(delivery);
    this.useQueue(async () => {
      await this.#options.queue.settle(delivery.events, givenUp);
      this.#pump();
    });
  }

  #forget(delivery: Delivery): void {
    delivery.cancelRetry?.();
    this.#deliveries.delete(delivery);
  }

  #isIdle(): boolean {
    return this.#queueing === 0 && this.#deliveries.size === 0;
  }

  async #endFlushesIfIdle(): Promise<void> {
    if (this.#isIdle() && (this.#ended || (await this.depth()) === 0)) this.#endFlushes();
  }

  #endFlushes(): void {
    for (const resolve of this.#flushes.splice(0)) resolve();
  }

  #reportQueue(error: unknown): void {
    const evidence = { target: this.#target, problem: describeProblem(error) };
    this.#options.reports.once(webhookFailures.create("webhook-queue-unavailable", evidence));
  }
}

/** Messages of clients of Redis and NATS name hosts and commands, never credentials; they are cut all the same. */
export function describeProblem(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 200);
}
