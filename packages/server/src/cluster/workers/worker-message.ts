/**
 * What the primary process and a worker say to each other over the channel of the fork: life and death, metrics. Clients'
 * business goes over the bus.
 */
import type { Listening } from "../../antiphon-server.ts";
import type { Config } from "../../config/load-config.ts";
import type { MetricObject } from "../../metrics/metrics.ts";

/** To a worker. */
export type WorkerOrder =
  | {
      readonly type: "start";
      readonly worker: number;
      readonly config: Config;
      /** Where the bus listens; left out, the worker is a node of a distributed cluster. */
      readonly busPath?: string;
      readonly reusePort: boolean;
    }
  | { readonly type: "reload"; readonly config: Config }
  | { readonly type: "read-metrics" }
  | { readonly type: "stop"; readonly reason: string };

/** An error that keeps a worker from starting, with what Node tells of system errors. */
export interface WorkerError {
  readonly message: string;
  readonly code?: string;
  readonly address?: string;
  readonly hostname?: string;
  readonly port?: number;
}

/** From a worker. */
export type WorkerReport =
  /** It runs, and waits for `start`. */
  | { readonly type: "waiting" }
  | { readonly type: "listening"; readonly listening: Listening }
  | { readonly type: "failed"; readonly error: WorkerError }
  | { readonly type: "reloaded" }
  | { readonly type: "metrics"; readonly metrics: readonly MetricObject[] }
  /** It was told to stop by a signal of its own, and leaves the port to the others. */
  | { readonly type: "leaving" };
