/**
 * The webhooks of one app: what happens in its channels in, requests to its receivers out. Webhooks are independent of each
 * other; each has its own queue, order and retries. Fed by the app's hub, flushed when the server stops.
 */
import type { Failure } from "@antiphon/websocket";
import type { App } from "../apps/app.ts";
import type { ChannelOccurrence } from "../channels/channel-hub.ts";
import type { Now, Scheduler, TimeOfDay } from "../pusher/scheduler.ts";
import { DurableWebhookTarget } from "./durable-webhook-target.ts";
import type { ChannelView, ClusterView } from "./leading-view.ts";
import { LocalWebhookTarget } from "./local-webhook-target.ts";
import { identifyWebhooks } from "./webhook-identity.ts";
import { MemoryWebhookQueue, type WebhookQueue } from "./webhook-queue.ts";
import { WebhookReports } from "./webhook-reports.ts";
import type { WebhookSender } from "./webhook-sender.ts";
import type { WebhookStores } from "./webhook-store.ts";
import type { DeliveryResult, DeliverySettings, WebhookTarget } from "./webhook-target.ts";

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
  /** Where queues outlive this process and are shared with other nodes; left out, this process delivers what it raises. */
  readonly stores?: WebhookStores;
  /** When what came before this dispatcher is queued; left out, nothing did. */
  readonly after?: Promise<void>;
  readonly onDelivery?: (result: DeliveryResult, appId: string) => void;
  /** Told of each kind of failure once, until a delivery succeeds again. */
  readonly report: (failure: Failure, appId: string) => void;
}

/** Waiting JSON of one target in memory. */
const maxQueuedBytes = 64 * 1024 * 1024;

/** Nobody has ever been in a channel of the app. */
const noChannels: ChannelView = { occupants: () => [], isPresent: () => false };

export class WebhookDispatcher {
  readonly #appId: string;
  readonly #targets: readonly WebhookTarget[];
  readonly #scheduler: Scheduler;

  constructor(options: WebhookDispatcherOptions) {
    this.#appId = options.app.id;
    this.#scheduler = options.scheduler;
    this.#targets = createTargets(options);
  }

  /** Tells every webhook that wants to know. Never throws, never waits. */
  accept(occurrence: ChannelOccurrence): void {
    for (const target of this.#targets) target.accept(occurrence);
  }

  /** See {@link WebhookTarget.lead}. */
  lead(view: ClusterView): void {
    const { leads = () => true } = view;
    const channels = this.#viewChannels(view);
    for (const target of this.#targets) target.lead({ channels, leads });
  }

  /** See {@link WebhookTarget.remember}. */
  remember(view: ClusterView): void {
    const channels = this.#viewChannels(view);
    for (const target of this.#targets) target.remember(channels);
  }

  /** See {@link WebhookTarget.stopLeading}. */
  async stopLeading(): Promise<void> {
    await Promise.all(this.#targets.map((target) => target.stopLeading()));
  }

  /** See {@link WebhookTarget.queued}. */
  async queued(): Promise<void> {
    await Promise.all(this.#targets.map((target) => target.queued()));
  }

  /** Events that are queued or under way. */
  async depth(): Promise<number> {
    const depths = await Promise.all(this.#targets.map((target) => target.depth()));
    return depths.reduce((sum, depth) => sum + depth, 0);
  }

  /**
   * Delivers what is left, or stores it where it outlives the process, for as long as the deadline allows; then gives up the
   * rest, and reports it. In memory, departures no longer wait to be cancelled: the connections that would cancel them are
   * gone.
   */
  async flush(deadlineMs: number): Promise<void> {
    const cancelDeadline = this.#scheduler.schedule(deadlineMs, () => {
      for (const target of this.#targets) void target.abandon();
    });
    await Promise.all(this.#targets.map((target) => target.flush()));
    cancelDeadline();
  }

  /** Asked anew each time: the app's channels may be made later, and be others after a reload. */
  #viewChannels({ channelsOf }: ClusterView): ChannelView {
    const find = (): ChannelView => channelsOf(this.#appId) ?? noChannels;
    return { occupants: () => find().occupants(), isPresent: (occupant) => find().isPresent(occupant) };
  }
}

function createTargets(options: WebhookDispatcherOptions): readonly WebhookTarget[] {
  const { app, delivery, stores, onDelivery, report } = options;
  const { random = Math.random, after = Promise.resolve() } = options;
  const limits = { maxEvents: delivery.maxQueuedEvents, maxBytes: maxQueuedBytes };
  const webhookIds = identifyWebhooks(app.webhooks);
  return app.webhooks.map((webhook, index) => {
    const common = {
      app,
      webhook,
      delivery,
      sender: options.sender,
      now: options.now,
      timeOfDay: options.timeOfDay,
      scheduler: options.scheduler,
      random,
      onDelivery: (result: DeliveryResult) => onDelivery?.(result, app.id),
      reports: new WebhookReports((failure) => report(failure, app.id)),
    };
    if (stores) {
      const store = stores.open({ appId: app.id, webhookId: webhookIds[index] ?? "" });
      return new DurableWebhookTarget({ ...common, store, limits, after });
    }
    return new LocalWebhookTarget({
      ...common,
      queue: options.createQueue?.(index) ?? new MemoryWebhookQueue(limits),
    });
  });
}
