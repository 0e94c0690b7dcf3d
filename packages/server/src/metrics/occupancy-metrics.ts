/** Who is here now: connections, occupied channels by type and presence members of each app, read when they are scraped. */
import { Gauge } from "prom-client";
import type { AppHubs } from "../channels/app-hubs.ts";
import type { LocalHub } from "../channels/local-hub.ts";
import { appLabels, labelsOf, type MetricScope } from "./metric-scope.ts";

/** Of what all nodes know of the whole cluster, one is as good as the other; the one that knows most is the newest. */
const overCluster = "max";

/** Registers the gauges of all hubs: connections of this node, channels and members of the cluster. */
export function registerOccupancy(scope: MetricScope, hubs: AppHubs): void {
  const connected = new Gauge({
    name: `${scope.prefix}connected`,
    help: "Clients that are connected.",
    labelNames: appLabels,
    registers: [],
    collect() {
      this.reset();
      for (const hub of hubs.all()) this.set(labelsOf(scope, hub.app.id), hub.localConnectionCount());
    },
  });
  const channels = new Gauge({
    name: `${scope.prefix}channels`,
    help: "Occupied channels, by the type that their name gives them.",
    labelNames: [...appLabels, "type"],
    aggregator: overCluster,
    registers: [],
    collect() {
      this.reset();
      for (const hub of hubs.all()) {
        const labels = labelsOf(scope, hub.app.id);
        for (const [type, count] of countByType(hub)) this.set({ ...labels, type }, count);
      }
    },
  });
  const members = new Gauge({
    name: `${scope.prefix}presence_members`,
    help: "Distinct users in presence channels; a user in two channels counts twice.",
    labelNames: appLabels,
    aggregator: overCluster,
    registers: [],
    collect() {
      this.reset();
      for (const hub of hubs.all()) this.set(labelsOf(scope, hub.app.id), countMembers(hub));
    },
  });
  for (const gauge of [connected, channels, members]) scope.registry.registerMetric(gauge);
}

/** Registers how many nodes serve clients. To be told by one process only. */
export function registerNodes({ registry, prefix }: MetricScope, count: () => number): void {
  const nodes = new Gauge({
    name: `${prefix}cluster_nodes`,
    help: "Processes that serve clients together.",
    registers: [],
    collect() {
      this.set(count());
    },
  });
  registry.registerMetric(nodes);
}

function countByType(hub: LocalHub): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { type } of hub.occupiedChannels()) counts.set(type.kind, (counts.get(type.kind) ?? 0) + 1);
  return counts;
}

function countMembers(hub: LocalHub): number {
  let count = 0;
  for (const { roster } of hub.occupiedChannels()) count += roster?.size ?? 0;
  return count;
}
