/**
 * Webhooks with what they need to be delivered: one HTTP client and a queue for each target. Made by whichever process
 * raises occurrences; closed when nothing more will be raised.
 */
import type { App } from "../apps/app.ts";
import type { ChannelOccurrence } from "../channels/channel-hub.ts";
import type { Config } from "../config/load-config.ts";
import type { Now, TimeOfDay } from "../pusher/scheduler.ts";
import { AppWebhooks } from "../webhooks/app-webhooks.ts";
import { HttpWebhookSender } from "../webhooks/webhook-sender.ts";
import type { DeliveryResult } from "../webhooks/webhook-target.ts";
import type { FailureLog } from "./failure-log.ts";
import { timerScheduler } from "./timer-scheduler.ts";

export interface WebhookDeliveryOptions {
  readonly settings: Config["webhooks"];
  readonly now: Now;
  readonly timeOfDay: TimeOfDay;
  readonly failures: FailureLog;
  readonly onDelivery: (result: DeliveryResult) => void;
}

/** At the end, queued webhooks have this long; what is left then is lost. */
const flushMs = 5000;

export class WebhookDelivery {
  readonly #sender: HttpWebhookSender;
  readonly #webhooks: AppWebhooks;

  constructor({ settings, now, timeOfDay, failures, onDelivery }: WebhookDeliveryOptions) {
    this.#sender = new HttpWebhookSender(settings, timerScheduler);
    this.#webhooks = new AppWebhooks({
      delivery: settings,
      sender: this.#sender,
      now,
      timeOfDay,
      scheduler: timerScheduler,
      onDelivery,
      report: (failure, appId) => failures.write(failure, { appId }),
    });
  }

  /** Tells the webhooks of the app, as the app is now. Never throws, never waits. */
  accept(app: App, occurrence: ChannelOccurrence): void {
    this.#webhooks.accept(app, occurrence);
  }

  /** Events that are queued or under way. */
  depth(): Promise<number> {
    return this.#webhooks.depth();
  }

  /** Delivers what is left, or reports it as lost. */
  async close(): Promise<void> {
    // The timers of retries keep no process alive; this one does until what is left is delivered, or reported as lost.
    const alive = setInterval(() => {}, flushMs);
    await this.#webhooks.flush(flushMs);
    clearInterval(alive);
    this.#sender.close();
  }
}
