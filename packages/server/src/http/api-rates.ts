/**
 * How fast an app may publish and read over HTTP. A request that is within the limits costs one look-up; one that is not
 * is answered 429 with the headers that tell when to come back. What other nodes let through counts as well, once they have
 * told.
 */
import type { Failure } from "@antiphon/websocket";
import type { App } from "../apps/app.ts";
import type { RateTaken } from "../cluster/cluster-command.ts";
import { httpFailures } from "../failures/http-failures.ts";
import type { TimeOfDay } from "../pusher/scheduler.ts";
import { TokenBucket } from "./token-bucket.ts";

/** Which limit a request counts against. */
export type ApiRate = RateTaken["rate"];

/** A refused request: why, and the headers of its answer. */
export interface RateRefusal {
  readonly failure: Failure;
  readonly headers: Readonly<Record<string, string>>;
}

/** Nobody is told to wait longer; also for limits of 0, which never pass. */
const longestRetryAfterSeconds = 60;

export interface ApiRatesOptions {
  readonly now: TimeOfDay;
  /** Told of what was taken here, for the nodes that share the limits. */
  readonly onTaken?: (taken: RateTaken) => void;
}

export class ApiRates {
  readonly #options: ApiRatesOptions;
  /** By app id and limit. Only authenticated apps get in, so it grows no larger than the configuration. */
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(options: ApiRatesOptions) {
    this.#options = options;
  }

  /** Takes the cost of a request, or says why it is too much. */
  take(app: App, rate: ApiRate, cost: number): RateRefusal | undefined {
    const limit = app.rates[rate];
    if (limit < 0) return undefined;
    const nowMs = this.#options.now();
    const bucket = this.#bucketOf(`${rate} ${app.id}`, limit, nowMs);
    const waitMs = bucket.take(cost, nowMs);
    if (waitMs === 0) {
      this.#options.onTaken?.({ appId: app.id, rate, tokens: cost });
      return undefined;
    }
    return {
      failure: httpFailures.create("http-rate-exceeded", { setting: rate, limit }),
      headers: {
        "retry-after": String(Math.min(Math.ceil(waitMs / 1000), longestRetryAfterSeconds)),
        "x-ratelimit-limit": String(limit),
        "x-ratelimit-remaining": String(bucket.remaining),
      },
    };
  }

  /** Counts what another node has let through. */
  takeElsewhere(app: App, { rate, tokens }: RateTaken): void {
    const limit = app.rates[rate];
    if (limit < 0) return;
    const nowMs = this.#options.now();
    this.#bucketOf(`${rate} ${app.id}`, limit, nowMs).withdraw(tokens, nowMs);
  }

  /** A changed limit starts a new bucket. */
  #bucketOf(key: string, limit: number, nowMs: number): TokenBucket {
    const known = this.#buckets.get(key);
    if (known?.perSecond === limit) return known;
    const bucket = new TokenBucket(limit, nowMs);
    this.#buckets.set(key, bucket);
    return bucket;
  }
}
