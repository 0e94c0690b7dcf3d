/** A server as its user sees it, and one of its processes as the others do. Made by the composition roots. */
import type { Logger } from "pino";
import type { ClusterAdapter } from "./cluster/cluster-adapter.ts";
import type { Config } from "./config/load-config.ts";
import type { MetricObject } from "./metrics/metrics.ts";

/** Where a started server listens. */
export interface Listening {
  /** Base of the WebSocket and HTTP URLs, for example `http://127.0.0.1:6001`. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly metricsUrl?: string;
}

export interface AntiphonServer {
  /** Listens. Rejects with Node's error if it cannot; nothing listens then. */
  start(): Promise<Listening>;
  /** Drains connections, delivers what was accepted, and closes. */
  stop(reason?: string): Promise<void>;
  /** Takes over changed apps and certificates; other settings need a restart. Throws if a certificate cannot be used. */
  reload(config: Config): void | Promise<void>;
}

/** One process of a server. */
export interface ServerNode extends AntiphonServer {
  /** With `othersServe` it takes no new connections, since other processes of the server do. */
  stop(reason?: string, options?: { readonly othersServe?: boolean }): Promise<void>;
  reload(config: Config): void;
  /** Its metrics as data, to be added to those of other processes. */
  readMetrics(): Promise<readonly MetricObject[]>;
}

export interface NodeOptions {
  readonly logger: Logger;
  /** Left out, it is the only process of this server: it serves metrics itself. */
  readonly worker?: WorkerPlace;
}

/** How a process takes part in a server of several. */
export interface WorkerPlace {
  /** The bus of the primary process, which raises webhooks; left out, what the configuration says. */
  readonly cluster?: ClusterAdapter;
  /** Listen with SO_REUSEPORT, as the other processes do. */
  readonly reusePort: boolean;
}
