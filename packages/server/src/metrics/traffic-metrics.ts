/**
 * The counters of connections, messages and API calls, under the names that soketi and Sockudo share, so that their
 * dashboards go on working under the same prefix. Filled from the ledger when they are scraped.
 */
import { Counter } from "prom-client";
import type { AppHubs } from "../channels/app-hubs.ts";
import type { AppTraffic, TrafficLedger } from "./app-traffic.ts";
import { appLabels, labelsOf, type MetricScope } from "./metric-scope.ts";

const counters: readonly (readonly [name: string, sum: keyof AppTraffic, help: string])[] = [
  ["new_connections_total", "connections", "Clients that were let in."],
  ["new_disconnections_total", "disconnections", "Clients that were let in and are gone."],
  ["socket_received_bytes", "messageBytesReceived", "Bytes of the messages that clients sent."],
  [
    "socket_transmitted_bytes",
    "messageBytesSent",
    "Bytes of the messages sent to clients, before compression.",
  ],
  ["ws_messages_received_total", "messagesReceived", "Messages that clients sent."],
  [
    "ws_messages_sent_total",
    "messagesSent",
    "Messages sent to clients; a publish counts once per subscriber.",
  ],
  ["http_received_bytes", "httpBytesReceived", "Bytes of the bodies of API requests."],
  ["http_transmitted_bytes", "httpBytesSent", "Bytes of the bodies of API answers."],
  ["http_calls_received_total", "httpCalls", "API requests that name the app, refused ones among them."],
];

/** Registers the counters of {@link AppTraffic}. An app counts from zero as soon as it has a hub. */
export function registerTraffic(scope: MetricScope, ledger: TrafficLedger, hubs: AppHubs): void {
  for (const [name, sum, help] of counters) {
    const counter = new Counter({
      name: scope.prefix + name,
      help,
      labelNames: appLabels,
      registers: [],
      collect() {
        this.reset();
        for (const hub of hubs.all()) ledger.of(hub.app.id);
        for (const [appId, traffic] of ledger.entries()) this.inc(labelsOf(scope, appId), traffic[sum]);
      },
    });
    scope.registry.registerMetric(counter);
  }
}
