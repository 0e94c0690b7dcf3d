/**
 * What joins the workers of one machine where no server between machines does: the bus in the primary process, and the webhooks
 * that are raised there for all of them. Made by the primary process.
 */
import type { Failure } from "@antiphon/websocket";
import type { ConfigAppStore } from "../apps/config-app-store.ts";
import type { AppHubs } from "../channels/app-hubs.ts";
import { type BusPath, createBusPath } from "../cluster/workers/bus-path.ts";
import { Overview } from "../cluster/workers/overview.ts";
import { now } from "./process-clock.ts";
import { timerScheduler } from "./timer-scheduler.ts";
import type { WebhookDelivery } from "./webhook-delivery.ts";

export interface WorkersBusOptions {
  readonly apps: ConfigAppStore;
  /** Closed with the bus. */
  readonly webhooks: WebhookDelivery;
  readonly report: (failure: Failure) => void;
}

export class WorkersBus {
  readonly #options: WorkersBusOptions;
  readonly #overview: Overview;
  #path: BusPath | undefined;

  constructor(options: WorkersBusOptions) {
    this.#options = options;
    const { apps, webhooks, report } = options;
    this.#overview = new Overview({
      findApp: (appId) => apps.findById(appId),
      raise: (app, occurrence) => {
        if (app.webhooks.length > 0) webhooks.accept(app, occurrence);
      },
      report,
      now,
      scheduler: timerScheduler,
    });
  }

  /** What the primary process knows of all workers. */
  get hubs(): AppHubs {
    return this.#overview.hubs;
  }

  /** Listens; answers where. Rejects with Node's error if it cannot. */
  async start(): Promise<string> {
    const { apps, webhooks } = this.#options;
    this.#path = await createBusPath();
    await Promise.all([webhooks.start(), this.#overview.bus.start(this.#path.path)]);
    // No other process does what this one does.
    webhooks.lead({ apps: () => apps.all(), channelsOf: (appId) => this.hubs.find(appId) });
    return this.#path.path;
  }

  /** The apps have changed. */
  update(): void {
    this.#overview.hubs.update([...this.#options.apps.all()]);
    this.#options.webhooks.update();
  }

  /** Delivers what the workers told before they left. */
  async drain(): Promise<void> {
    await this.#overview.bus.idle();
    await this.#options.webhooks.close();
  }

  /** Cuts what is left, and closes. */
  async stop(): Promise<void> {
    await this.#overview.bus.stop();
    await this.#path?.remove();
  }
}
