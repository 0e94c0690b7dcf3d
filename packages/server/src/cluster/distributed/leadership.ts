/**
 * Whether this node is the one that raises what all nodes can see: it leads as long as it holds a lease, counted on its own
 * clock from the moment before it asked for it, so that it stops before the lease is anybody else's. A clock and timers in,
 * gained and lost out.
 */
import type { Now, Scheduler } from "../../pusher/scheduler.ts";
import type { ClusterTransport } from "./cluster-transport.ts";

export interface LeadershipOptions {
  readonly transport: Pick<ClusterTransport, "holdLease" | "releaseLease">;
  readonly ttlMs: number;
  readonly onGained: () => void;
  readonly onLost: () => void;
  readonly now: Now;
  readonly scheduler: Scheduler;
}

const leaseName = "leader";

export class Leadership {
  readonly #options: LeadershipOptions;
  #leading = false;
  #untilMs = Number.NEGATIVE_INFINITY;
  /** Under which the lease was asked for last. */
  #owner: string | undefined;
  /** Counts the attempts; answers to former ones come too late. */
  #attempt = 0;
  #askedAtMs: number | undefined;
  #cancelExpiry: (() => void) | undefined;

  constructor(options: LeadershipOptions) {
    this.#options = options;
  }

  /** Whether this node leads at this moment. */
  get leads(): boolean {
    if (this.#leading && this.#options.now() >= this.#untilMs) this.lose();
    return this.#leading;
  }

  /** Takes or renews the lease. */
  renew(owner: string): void {
    const { transport, ttlMs, now } = this.#options;
    const askedAtMs = now();
    if (this.#askedAtMs !== undefined && askedAtMs - this.#askedAtMs < ttlMs) return;
    this.#askedAtMs = askedAtMs;
    this.#owner = owner;
    const attempt = ++this.#attempt;
    const settle = (held: boolean): void => {
      if (attempt !== this.#attempt) return;
      this.#askedAtMs = undefined;
      if (held) this.#holdUntil(askedAtMs + ttlMs);
      else this.lose();
    };
    transport.holdLease(leaseName, owner, ttlMs).then(settle, () => settle(false));
  }

  /** Leads no longer, from now on; the lease may still be this node's. */
  lose(): void {
    this.#attempt += 1;
    this.#askedAtMs = undefined;
    this.#cancelExpiry?.();
    if (!this.#leading) return;
    this.#leading = false;
    this.#options.onLost();
  }

  /** Leads no longer, and gives the lease up for another. */
  async release(): Promise<void> {
    this.lose();
    const owner = this.#owner;
    this.#owner = undefined;
    if (owner === undefined) return;
    const { transport, scheduler, ttlMs } = this.#options;
    await new Promise<void>((resolve) => {
      // If it cannot be given up, it has ended by itself by then.
      const cancel = scheduler.schedule(ttlMs, resolve);
      const settle = (): void => {
        cancel();
        resolve();
      };
      transport.releaseLease(leaseName, owner).then(settle, settle);
    });
  }

  #holdUntil(untilMs: number): void {
    const { now, scheduler, onGained } = this.#options;
    const leftMs = untilMs - now();
    if (leftMs <= 0) {
      this.lose();
      return;
    }
    this.#untilMs = untilMs;
    this.#cancelExpiry?.();
    this.#cancelExpiry = scheduler.schedule(leftMs, () => this.lose());
    if (this.#leading) return;
    this.#leading = true;
    onGained();
  }
}
