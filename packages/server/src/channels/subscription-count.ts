/**
 * When the number of subscriptions of a channel is announced: after every change while it is small, at most every five
 * seconds and only if it differs once it is large.
 */
import type { Now, Scheduler } from "../pusher/scheduler.ts";
import type { Channel } from "./channel-registry.ts";

/** Up to here every change is announced. */
export const largestSmallCount = 100;

/** Time between announcements above that. */
export const largeCountIntervalMs = 5000;

interface Announced {
  atMs: number;
  count: number;
  cancelNext?: (() => void) | undefined;
}

export class SubscriptionCounts {
  /** Channels that were large once; small ones need no memory. */
  readonly #announced = new Map<Channel, Announced>();
  readonly #announce: (channel: Channel) => void;
  readonly #now: Now;
  readonly #scheduler: Scheduler;

  constructor(announce: (channel: Channel) => void, now: Now, scheduler: Scheduler) {
    this.#announce = announce;
    this.#now = now;
    this.#scheduler = scheduler;
  }

  /** Somebody joined or left: announces the new count, now or when its time has come. */
  changed(channel: Channel): void {
    let announced = this.#announced.get(channel);
    if (channel.subscriptionCount <= largestSmallCount) {
      if (announced) this.#tell(channel, announced);
      else this.#announce(channel);
      return;
    }
    if (announced === undefined) {
      announced = { atMs: Number.NEGATIVE_INFINITY, count: 0 };
      this.#announced.set(channel, announced);
    }
    if (announced.cancelNext) return;
    const waitMs = announced.atMs + largeCountIntervalMs - this.#now();
    if (waitMs <= 0) this.#tell(channel, announced);
    else announced.cancelNext = this.#scheduler.schedule(waitMs, () => this.#tellIfChanged(channel));
  }

  /** The channel is gone. */
  forget(channel: Channel): void {
    this.#announced.get(channel)?.cancelNext?.();
    this.#announced.delete(channel);
  }

  #tellIfChanged(channel: Channel): void {
    const announced = this.#announced.get(channel);
    if (announced === undefined) return;
    announced.cancelNext = undefined;
    if (announced.count !== channel.subscriptionCount) this.#tell(channel, announced);
  }

  #tell(channel: Channel, announced: Announced): void {
    announced.cancelNext?.();
    announced.cancelNext = undefined;
    announced.atMs = this.#now();
    announced.count = channel.subscriptionCount;
    this.#announce(channel);
  }
}
