/**
 * Shares the rates of the HTTP API among the nodes of a cluster: what is taken here is told to the others, which take it from
 * their buckets too. Nobody waits for anybody, and a node that hears nothing counts for itself. Made by the composition root.
 *
 *   ApiRates ──taken──▶ SharedRates ──command, ten times a second──▶ others' ApiRates
 */
import type { ClusterAdapter } from "../cluster/cluster-adapter.ts";
import { maxRatesTaken, type RateTaken } from "../cluster/cluster-command.ts";
import type { Scheduler } from "../pusher/scheduler.ts";

export interface SharedRatesOptions {
  readonly cluster: Pick<ClusterAdapter, "isAlone" | "command">;
  readonly scheduler: Scheduler;
}

/** For so long, what was taken is collected before it is told. */
export const rateNoticeMs = 100;

export class SharedRates {
  readonly #options: SharedRatesOptions;
  /** By limit and app. Only apps of the configuration get in. */
  readonly #untold = new Map<string, RateTaken>();

  constructor(options: SharedRatesOptions) {
    this.#options = options;
  }

  /** Takes note of what was taken here. */
  noteTaken({ appId, rate, tokens }: RateTaken): void {
    const { cluster, scheduler } = this.#options;
    if (cluster.isAlone || tokens === 0) return;
    if (this.#untold.size === 0) scheduler.schedule(rateNoticeMs, () => this.#tell());
    const key = `${rate} ${appId}`;
    const before = this.#untold.get(key)?.tokens ?? 0;
    this.#untold.set(key, { appId, rate, tokens: before + tokens });
  }

  #tell(): void {
    const all = [...this.#untold.values()];
    this.#untold.clear();
    for (let start = 0; start < all.length; start += maxRatesTaken) {
      this.#options.cluster.command({ type: "rates-taken", taken: all.slice(start, start + maxRatesTaken) });
    }
  }
}
