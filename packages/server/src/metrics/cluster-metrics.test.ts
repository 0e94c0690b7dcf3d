import { expect, it } from "vitest";
import type { ClusterTransport, TransportListener } from "../cluster/distributed/cluster-transport.ts";
import { stateTopic } from "../cluster/distributed/topics.ts";
import { AppHubs } from "../channels/app-hubs.ts";
import type { ClusterFigures } from "./cluster-metrics.ts";
import { CountedClusterTransport } from "./cluster-traffic.ts";
import { MergedMetrics } from "./merged-metrics.ts";
import { scrape } from "./metrics.test.harness.ts";
import { createMetrics, type Metrics } from "./metrics.ts";

const figures: ClusterFigures = {
  nodes: 3,
  connected: true,
  leads: true,
  nodesLost: 1,
  published: 7,
  received: 9,
};

function metricsOf(cluster: () => ClusterFigures): Metrics {
  const hubs = new AppHubs(() => {
    throw new Error("nobody is connected");
  });
  return createMetrics({ prefix: "antiphon_", port: () => 1, hubs, cluster });
}

it("a node tells its place in the cluster as it is when it is asked", async () => {
  let now = figures;
  const metrics = metricsOf(() => now);
  expect(Object.fromEntries(await scrape(metrics))).toMatchObject({
    antiphon_cluster_nodes: 3,
    antiphon_cluster_backend_up: 1,
    antiphon_cluster_leader: 1,
    antiphon_cluster_nodes_lost_total: 1,
    antiphon_cluster_messages_published_total: 7,
    antiphon_cluster_messages_received_total: 9,
  });
  now = { ...figures, connected: false, leads: false, received: 12 };
  const later = await scrape(metrics);
  expect(later.get("antiphon_cluster_backend_up")).toBe(0);
  expect(later.get("antiphon_cluster_leader")).toBe(0);
  expect(later.get("antiphon_cluster_messages_received_total")).toBe(12);
});

it("the workers of one server tell the cluster's nodes once, and that one of them is cut off", async () => {
  const follower = metricsOf(() => ({ ...figures, leads: false, connected: false }));
  const workers = await Promise.all([metricsOf(() => figures).readObjects(), follower.readObjects()]);
  const own = createMetrics({
    prefix: "antiphon_",
    port: () => 1,
    hubs: new AppHubs(() => {
      throw new Error("a primary process serves nobody");
    }),
  });
  const merged = await scrape(new MergedMetrics({ own, readWorkers: async () => workers }));
  expect(merged.get("antiphon_cluster_nodes")).toBe(3);
  expect(merged.get("antiphon_cluster_backend_up")).toBe(0);
  expect(merged.get("antiphon_cluster_leader")).toBe(1);
  expect(merged.get("antiphon_cluster_messages_published_total")).toBe(14);
});

it("what passes a transport is counted, and its connection is told of before anybody hears of it", async () => {
  let listener: TransportListener | undefined;
  const published: Buffer[] = [];
  const transport: ClusterTransport = {
    name: "Redis",
    start: async (heard) => {
      listener = heard;
    },
    publish: (_, payload) => published.push(payload),
    subscribe() {},
    unsubscribe() {},
    holdLease: async () => true,
    releaseLease: async () => undefined,
    reconnect() {},
    stop: async () => undefined,
  };
  const order: string[] = [];
  const counted = new CountedClusterTransport(transport, (connected) => order.push(`link ${connected}`));
  await counted.start({
    connected: () => order.push("connected"),
    disconnected: (problem) => order.push(problem),
    received: () => order.push("received"),
  });
  listener?.connected();
  counted.publish(stateTopic, Buffer.from("a"));
  listener?.received(stateTopic, Buffer.from("a"));
  listener?.received(stateTopic, Buffer.from("b"));
  listener?.disconnected("away");
  expect(order).toEqual(["link true", "connected", "received", "received", "link false", "away"]);
  expect([counted.published, counted.received, published.length]).toEqual([1, 2, 1]);
});
