/**
 * The metrics of one node. The rest of the server tells what happens through the calls below, each a few additions; names,
 * labels and everything that can be looked up are worked out when Prometheus scrapes. No label ever holds a channel, a
 * user or a socket id.
 */
import type { Failure, WebSocketConnection } from "@antiphon/websocket";
import { Histogram, type MetricObjectWithValues, type MetricValue, Registry } from "prom-client";
import type { AppHubs } from "../channels/app-hubs.ts";
import type { FanOut, Subscriber } from "../channels/channel-hub.ts";
import type { GatewayObserver } from "../gateway/pusher-gateway.ts";
import type { FinishedRequest } from "../http/http-api-options.ts";
import type { DeliveryResult } from "../webhooks/webhook-target.ts";
import { TrafficLedger } from "./app-traffic.ts";
import { type ClusterFigures, registerCluster } from "./cluster-metrics.ts";
import { CountedFanOut } from "./counted-fan-out.ts";
import { CountedTransport } from "./counted-transport.ts";
import { DeliveryTimer } from "./delivery-timer.ts";
import { FailureMetrics } from "./failure-metrics.ts";
import type { MetricScope } from "./metric-scope.ts";
import { registerNodes, registerOccupancy } from "./occupancy-metrics.ts";
import { registerProcess } from "./process-metrics.ts";
import { registerTraffic } from "./traffic-metrics.ts";
import { type QueueDepth, WebhookMetrics } from "./webhook-metrics.ts";

export interface MetricsOptions {
  /** First part of every name, for example `antiphon_`; `soketi_` keeps the dashboards of soketi working. */
  readonly prefix: string;
  /** Port of the WebSocket and HTTP listener, for the label `port`. First asked when somebody scrapes. */
  readonly port: () => number;
  readonly hubs: AppHubs;
  /** Webhook events that wait. Left out, none do. */
  readonly webhookQueueDepth?: QueueDepth;
  /** Processes or machines that serve clients together. Left out, there is no such metric. */
  readonly nodeCount?: () => number;
  /** This node's place in a distributed cluster; left out, it is in none. */
  readonly cluster?: () => ClusterFigures;
  /** Monotonic milliseconds; left out, those of the process. */
  readonly now?: () => number;
}

/** One metric with all its values, as data. */
export type MetricObject = MetricObjectWithValues<MetricValue<string>>;

export interface Metrics extends GatewayObserver {
  /**
   * Makes the fan-out of one channel. It takes only subscribers that {@link createTransport} has made: a server uses both
   * or neither.
   */
  createFanOut(appId: string): FanOut;
  /** Makes the transport of one client, for its session. */
  createTransport(connection: WebSocketConnection, appId: string): Subscriber;
  /** The engine reported a failure; `connection` is absent for a handshake. */
  engineFailed(failure: Failure, context: { readonly connection?: unknown }): void;
  /** The gateway or one of its sessions reported a failure. */
  sessionFailed(failure: Failure): void;
  /** The HTTP side refused a request. */
  requestRefused(failure: Failure): void;
  requestDone(request: FinishedRequest): void;
  webhookDone(result: DeliveryResult): void;
  /** All metrics in Prometheus' text format, version 0.0.4. */
  formatText(): Promise<string>;
  /** The same as JSON text, in the shape of prom-client. */
  formatJson(): Promise<string>;
  /** The same as data, to be added to that of other processes. */
  readObjects(): Promise<readonly MetricObject[]>;
}

/** Upper ends of the histogram of deliveries, in milliseconds. */
const deliveryBucketsMs = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000];

/** Makes the metrics of a node, in a registry of their own. */
export function createMetrics(options: MetricsOptions): Metrics {
  const { prefix, port, hubs, webhookQueueDepth = () => 0, now = () => performance.now() } = options;
  const scope: MetricScope = { registry: new Registry(), prefix, port };
  const ledger = new TrafficLedger();
  registerOccupancy(scope, hubs);
  registerTraffic(scope, ledger, hubs);
  if (options.nodeCount) registerNodes(scope, options.nodeCount);
  if (options.cluster) registerCluster(scope, options.cluster);
  const failures = new FailureMetrics(scope);
  const webhooks = new WebhookMetrics(scope, webhookQueueDepth);
  const deliveries = new Histogram({
    name: `${prefix}publish_to_deliver_ms`,
    help: "From the first publish of a turn of the event loop until all of the turn is written to sockets.",
    buckets: deliveryBucketsMs,
    registers: [scope.registry],
  });
  const timer = new DeliveryTimer((ms) => deliveries.observe(ms), now);
  registerProcess(scope);

  return {
    createFanOut: (appId) => new CountedFanOut(ledger.of(appId), timer),
    createTransport: (connection, appId) => new CountedTransport(connection, ledger.of(appId)),
    connected(appId) {
      ledger.of(appId).connections += 1;
    },
    disconnected(appId) {
      ledger.of(appId).disconnections += 1;
    },
    messageReceived(appId, bytes) {
      const traffic = ledger.of(appId);
      traffic.messagesReceived += 1;
      traffic.messageBytesReceived += bytes;
    },
    engineFailed: (failure, { connection }) => failures.countEngine(failure, connection !== undefined),
    sessionFailed: (failure) => failures.countSession(failure),
    requestRefused: (failure) => failures.countRequest(failure),
    requestDone({ appId, receivedBytes, sentBytes }) {
      // Health checks and strangers are no traffic of an app.
      if (appId === undefined) return;
      const traffic = ledger.of(appId);
      traffic.httpCalls += 1;
      traffic.httpBytesReceived += receivedBytes;
      traffic.httpBytesSent += sentBytes;
    },
    webhookDone: (result) => webhooks.count(result),
    formatText: () => scope.registry.metrics(),
    formatJson: async () => JSON.stringify(await scope.registry.getMetricsAsJSON()),
    readObjects: () => scope.registry.getMetricsAsJSON(),
  };
}
