/** A node's place among others on several machines: how many there are, whether it reaches them, and what passes. */
import { Counter, Gauge } from "prom-client";
import type { MetricScope } from "./metric-scope.ts";

/** Read when Prometheus scrapes. */
export interface ClusterFigures {
  /** This one and those that it knows. */
  readonly nodes: number;
  readonly connected: boolean;
  readonly leads: boolean;
  /** Nodes that were given up since the start. */
  readonly nodesLost: number;
  /** Messages since the start. */
  readonly published: number;
  readonly received: number;
}

/** How the figures of the workers of one server become one. */
type Aggregation = "sum" | "min" | "max";

/** Registers the metrics of a node of a distributed cluster. */
export function registerCluster(scope: MetricScope, read: () => ClusterFigures): void {
  const gauge = (name: string, help: string, aggregator: Aggregation, value: () => number): void => {
    const metric = new Gauge({
      name: `${scope.prefix}${name}`,
      help,
      aggregator,
      registers: [],
      collect() {
        this.set(value());
      },
    });
    scope.registry.registerMetric(metric);
  };
  const counter = (name: string, help: string, value: () => number): void => {
    const metric = new Counter({
      name: `${scope.prefix}${name}`,
      help,
      registers: [],
      collect() {
        this.reset();
        this.inc(value());
      },
    });
    scope.registry.registerMetric(metric);
  };
  gauge("cluster_nodes", "Processes that serve clients together.", "max", () => read().nodes);
  gauge("cluster_backend_up", "1 while what joins the nodes is reached, else 0.", "min", () =>
    Number(read().connected),
  );
  gauge("cluster_leader", "1 where webhooks of what all nodes can see are raised, else 0.", "sum", () =>
    Number(read().leads),
  );
  counter(
    "cluster_nodes_lost_total",
    "Other nodes that were not heard for too long.",
    () => read().nodesLost,
  );
  counter("cluster_messages_published_total", "Messages to other nodes.", () => read().published);
  counter("cluster_messages_received_total", "Messages between nodes that came here.", () => read().received);
}
