/** Where the metrics of this folder are registered, and how they are named and labelled. */
import type { Registry } from "prom-client";

export interface MetricScope {
  readonly registry: Registry;
  /** First part of every name, for example `antiphon_`. */
  readonly prefix: string;
  /** Port of the WebSocket and HTTP listener; asked at every scrape, since it is known only once the server listens. */
  readonly port: () => number;
}

/** What tells the series of apps apart. */
export const appLabels = ["app_id", "port"] as const;

export type AppLabel = (typeof appLabels)[number];

/** The labels of one app's series. */
export function labelsOf({ port }: MetricScope, appId: string): Record<AppLabel, string> {
  return { app_id: appId, port: String(port()) };
}
