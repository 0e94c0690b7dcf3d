/** What becomes of webhooks: deliveries by result, events that were given up, and how many wait. */
import { Counter, Gauge } from "prom-client";
import type { MetricScope } from "./metric-scope.ts";

export class WebhookMetrics {
  readonly #deliveries: Counter<"result">;
  readonly #dropped: Counter;

  /** @param queueDepth events that wait now; asked at every scrape. */
  constructor({ registry, prefix }: MetricScope, queueDepth: () => number) {
    const registers = [registry];
    this.#deliveries = new Counter({
      name: `${prefix}webhook_deliveries_total`,
      help: "Webhook requests that were sent, by result.",
      labelNames: ["result"],
      registers,
    });
    this.#dropped = new Counter({
      name: `${prefix}webhook_events_dropped_total`,
      help: "Webhook events that were given up: the queue was full, or the time for retries was over.",
      registers,
    });
    const depth = new Gauge({
      name: `${prefix}webhook_queue_depth`,
      help: "Webhook events that wait to be delivered.",
      registers: [],
      collect() {
        this.set(queueDepth());
      },
    });
    registry.registerMetric(depth);
  }

  countDelivery(result: string): void {
    this.#deliveries.inc({ result });
  }

  countDropped(events: number): void {
    this.#dropped.inc(events);
  }
}
