/** What becomes of webhooks: deliveries by result, events that were given up, and how many wait. */
import { Counter, Gauge } from "prom-client";
import type { DeliveryResult } from "../webhooks/webhook-target.ts";
import type { MetricScope } from "./metric-scope.ts";

/** Events that wait at this moment. */
export type QueueDepth = () => number | Promise<number>;

export class WebhookMetrics {
  readonly #deliveries: Counter<"result">;
  readonly #dropped: Counter;

  /** @param queueDepth asked at every scrape, which waits for the answer. */
  constructor({ registry, prefix }: MetricScope, queueDepth: QueueDepth) {
    const registers = [registry];
    this.#deliveries = new Counter({
      name: `${prefix}webhook_deliveries_total`,
      help: "Webhook requests by what came of them; a delivery that is tried again counts once per attempt.",
      labelNames: ["result"],
      registers,
    });
    this.#dropped = new Counter({
      name: `${prefix}webhook_events_dropped_total`,
      help: "Webhook events that will not be delivered: given up, dropped from a full queue, or lost at shutdown.",
      registers,
    });
    const depth = new Gauge({
      name: `${prefix}webhook_queue_depth`,
      help: "Webhook events that wait to be delivered.",
      registers: [],
      async collect() {
        this.set(await queueDepth());
      },
    });
    registry.registerMetric(depth);
  }

  /** Takes note of one result; those of events that were never sent have no attempts. */
  count({ outcome, events, attempts }: DeliveryResult): void {
    if (attempts > 0) this.#deliveries.inc({ result: outcome });
    if (outcome !== "delivered" && outcome !== "retrying") this.#dropped.inc(events);
  }
}
