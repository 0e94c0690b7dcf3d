/**
 * Webhooks with what they need to be delivered: one HTTP client and a queue for each target, in memory or where all nodes
 * share it. Made by whichever process raises occurrences; closed when nothing more will be raised.
 */
import type { App } from "../apps/app.ts";
import type { ChannelOccurrence } from "../channels/channel-hub.ts";
import type { Config } from "../config/load-config.ts";
import type { Now, TimeOfDay } from "../pusher/scheduler.ts";
import { AppWebhooks } from "../webhooks/app-webhooks.ts";
import type { ClusterView } from "../webhooks/leading-view.ts";
import { HttpWebhookSender } from "../webhooks/webhook-sender.ts";
import type { WebhookStores } from "../webhooks/webhook-store.ts";
import type { DeliveryResult } from "../webhooks/webhook-target.ts";
import type { FailureLog } from "./failure-log.ts";
import { timerScheduler } from "./timer-scheduler.ts";

export interface WebhookDeliveryOptions {
  readonly settings: Config["webhooks"];
  readonly now: Now;
  readonly timeOfDay: TimeOfDay;
  readonly failures: FailureLog;
  readonly onDelivery: (result: DeliveryResult) => void;
  /**
   * Where queues outlive the process, see `createWebhookStores`; closed with the webhooks. Left out, they are in memory, and
   * this process delivers what it raises, whoever leads.
   */
  readonly stores?: WebhookStores | undefined;
}

/** At the end, queued webhooks have this long; what is left then is lost. */
const flushMs = 5000;

export class WebhookDelivery {
  readonly #sender: HttpWebhookSender;
  readonly #webhooks: AppWebhooks;
  readonly #stores: WebhookStores | undefined;
  /** While this node leads. */
  #view: ClusterView | undefined;
  #isStarted: boolean;

  constructor({ settings, now, timeOfDay, failures, onDelivery, stores }: WebhookDeliveryOptions) {
    this.#stores = stores;
    this.#isStarted = stores === undefined;
    this.#sender = new HttpWebhookSender(settings, timerScheduler);
    this.#webhooks = new AppWebhooks({
      delivery: settings,
      sender: this.#sender,
      now,
      timeOfDay,
      scheduler: timerScheduler,
      onDelivery,
      report: (failure, appId) => failures.write(failure, { appId }),
      ...(stores && { stores }),
    });
  }

  /** Connects to what holds the queues. Never rejects: without it, events wait in memory until it is there. */
  async start(): Promise<void> {
    await this.#stores?.start();
    this.#isStarted = true;
    if (this.#view) this.#webhooks.lead(this.#view);
  }

  /** Tells the webhooks of the app, as the app is now. Never throws, never waits. */
  accept(app: App, occurrence: ChannelOccurrence): void {
    this.#webhooks.accept(app, occurrence);
  }

  /**
   * From here on this node tells edges, beginning with those that receivers have missed, and delivers what all nodes queued.
   * The hubs must know the state of the cluster by then.
   */
  lead(view: ClusterView): void {
    this.#view = view;
    // Before that, every call of a store would be a failure that is none.
    if (this.#isStarted) this.#webhooks.lead(view);
  }

  /** What joins the nodes is away, and may come back without what receivers were told. */
  remember(view: ClusterView): void {
    this.#webhooks.remember(view);
  }

  /** Another node may do so from here on. Departures that wait are left to it, and what is queued. */
  stopLeading(): void {
    this.#view = undefined;
    this.#webhooks.stopLeading();
  }

  /** To be called after a reload: the apps of the view are others now. */
  update(): void {
    this.#webhooks.update();
  }

  /** Events that are queued or under way. */
  depth(): Promise<number> {
    return this.#webhooks.depth();
  }

  /**
   * Delivers what is left, or reports it as lost; what is queued where it outlives the process stays there for the next node
   * that leads, departures that wait and attempts that fail among it.
   */
  async close(): Promise<void> {
    // The timers of retries keep no process alive; this one does until what is left is delivered, or reported as lost.
    const alive = setInterval(() => {}, flushMs);
    await this.#webhooks.flush(flushMs);
    clearInterval(alive);
    this.#sender.close();
    await this.#stores?.close();
  }
}
