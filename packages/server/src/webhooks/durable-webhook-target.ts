/**
 * One webhook of one app on a node that shares a store with others: every node appends what it alone saw, the node that leads
 * tells edges and delivers. What is in the store outlives every process.
 */
import type { ChannelOccurrence } from "../channels/channel-hub.ts";
import { webhookFailures } from "../failures/webhook-failures.ts";
import type { ChannelView, LeadingView } from "./leading-view.ts";
import { StoreCalls } from "./store-calls.ts";
import { WebhookAppender } from "./webhook-appender.ts";
import { describeProblem, type WebhookDelivererOptions } from "./webhook-deliverer.ts";
import { concernsTypes, edgeOf, isEdge } from "./webhook-edge.ts";
import { formatWebhookEvent, isForChannel } from "./webhook-event.ts";
import { WebhookLeadership } from "./webhook-leadership.ts";
import { listOccupants } from "./told-differences.ts";
import type { QueueLimits } from "./webhook-queue.ts";
import { describeTarget } from "./webhook-sender.ts";
import type { WebhookStore } from "./webhook-store.ts";
import type { WebhookTarget } from "./webhook-target.ts";

export interface DurableWebhookTargetOptions
  extends Omit<WebhookDelivererOptions, "queue" | "keepsDeadLetters"> {
  readonly store: WebhookStore;
  /** Of what waits in memory while the store is away, and of what the leader has read from it. */
  readonly limits: QueueLimits;
  /** Nothing is appended before: another that is being replaced appends what it has accepted. */
  readonly after: Promise<void>;
}

/** A node that leads, and finds its edges claimed by another, claims them again after this. */
const claimAgainMs = 2000;

export class DurableWebhookTarget implements WebhookTarget {
  readonly #options: DurableWebhookTargetOptions;
  readonly #target: string;
  readonly #calls: StoreCalls;
  readonly #appender: WebhookAppender;
  #view: LeadingView | undefined;
  #leadership: WebhookLeadership | undefined;
  /** See {@link DurableWebhookTarget.remember}. */
  #remembered: ReadonlySet<string> | undefined;
  #closed = false;

  constructor(options: DurableWebhookTargetOptions) {
    const { webhook, store, limits, scheduler, random, reports, after } = options;
    this.#options = options;
    this.#target = describeTarget(new URL(webhook.url));
    const target = this.#target;
    this.#calls = new StoreCalls({
      scheduler,
      random,
      onAway: (error) => {
        const problem = describeProblem(error);
        reports.once(webhookFailures.create("webhook-queue-unavailable", { target, problem }));
      },
      onBack: () => {
        reports.forget("webhook-queue-unavailable", "webhook-buffer-full");
        this.#leadership?.startOver();
      },
    });
    this.#appender = new WebhookAppender({
      store,
      limits,
      scheduler,
      calls: this.#calls,
      after,
      onAppended: (dropped) => this.#noteAppended(dropped),
      onEmptied: () => this.#reportEmptied(),
    });
  }

  accept(occurrence: ChannelOccurrence): void {
    const { webhook } = this.#options;
    if (this.#closed || !isForChannel(webhook, occurrence.channel)) return;
    if (!isEdge(occurrence)) {
      if (webhook.eventTypes.includes(occurrence.name)) this.#append(occurrence);
    } else if (concernsTypes(webhook.eventTypes, occurrence)) this.#leadership?.accept(occurrence);
  }

  lead(view: LeadingView): void {
    if (this.#closed || this.#leadership) return;
    this.#view = view;
    const leadership: WebhookLeadership = new WebhookLeadership({
      ...this.#options,
      view,
      calls: this.#calls,
      appender: this.#appender,
      append: (occurrence) => this.#append(occurrence),
      onTaken: () => this.#claimAgain(leadership, view),
      remembered: this.#remembered,
      onEmptied: () => this.#reportEmptied(),
    });
    this.#leadership = leadership;
  }

  /**
   * Whoever leads knows what was told. The others take it to be what is so now: until now another node led, and told it, but
   * for what waits.
   */
  remember(channels: ChannelView): void {
    if (this.#leadership) this.#remembered = this.#leadership.told ?? this.#remembered;
    else this.#remembered = listOccupants(channels, this.#options.webhook);
  }

  async stopLeading(): Promise<void> {
    const leadership = this.#leadership;
    this.#leadership = undefined;
    this.#view = undefined;
    this.#appender.claim(undefined);
    await leadership?.end();
  }

  queued(): Promise<void> {
    return this.#appender.drained();
  }

  async depth(): Promise<number> {
    return this.#appender.size + ((await this.#leadership?.depth()) ?? 0);
  }

  /** Stores what still waits in memory; departures that wait, and deliveries, are left to the next node that leads. */
  async flush(): Promise<void> {
    this.#closed = true;
    this.#leadership?.stopTelling();
    await this.#appender.drained();
    await this.stopLeading();
  }

  abandon(): Promise<void> {
    const events = this.#appender.size;
    this.#appender.close();
    this.#leadership?.abandon();
    if (events > 0) {
      const { reports, onDelivery } = this.#options;
      reports.once(webhookFailures.create("webhook-lost-on-shutdown", { target: this.#target, events }));
      onDelivery({ outcome: "lost-on-shutdown", events, attempts: 0, durationMs: 0 });
    }
    return Promise.resolve();
  }

  #reportEmptied(): void {
    const target = this.#target;
    this.#options.reports.once(webhookFailures.create("webhook-queue-emptied", { target }));
  }

  #append(occurrence: ChannelOccurrence): boolean {
    const { webhook, app, timeOfDay, reports, onDelivery } = this.#options;
    const isTold = webhook.eventTypes.includes(occurrence.name);
    const hasRoom = this.#appender.add({
      channel: occurrence.channel,
      raisedAtMs: timeOfDay(),
      ...(isTold && { json: formatWebhookEvent(occurrence, app.profile) }),
      ...(isEdge(occurrence) && { edge: edgeOf(occurrence) }),
    });
    // An edge that finds no room is found again by comparing.
    if (!hasRoom && !isEdge(occurrence)) {
      reports.once(webhookFailures.create("webhook-buffer-full", { target: this.#target }));
      onDelivery({ outcome: "dropped", events: 1, attempts: 0, durationMs: 0 });
    }
    return hasRoom;
  }

  #noteAppended(dropped: number): void {
    this.#leadership?.wake();
    if (dropped === 0) return;
    const { reports, onDelivery } = this.#options;
    reports.once(webhookFailures.create("webhook-queue-full", { target: this.#target, dropped }));
    onDelivery({ outcome: "dropped", events: dropped, attempts: 0, durationMs: 0 });
  }

  /** Of two that claim the edges only one leads: the other will be told so, and does not come here again. */
  #claimAgain(leadership: WebhookLeadership, view: LeadingView): void {
    if (this.#leadership !== leadership) return;
    void this.stopLeading();
    this.#view = view;
    this.#options.scheduler.schedule(claimAgainMs, () => {
      if (this.#view === view && view.leads()) this.lead(view);
    });
  }
}
