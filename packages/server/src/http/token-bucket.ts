/** What is withdrawn leaves no larger debt than so many seconds' worth. */
const maxDebtSeconds = 10;

/** A rate as a bucket: it fills by `perSecond` up to one second's worth, and each permission takes its cost out. */
export class TokenBucket {
  readonly perSecond: number;
  #tokens: number;
  #filledAtMs: number;

  constructor(perSecond: number, nowMs: number) {
    this.perSecond = perSecond;
    this.#tokens = perSecond;
    this.#filledAtMs = nowMs;
  }

  /** Whole permissions that are left. */
  get remaining(): number {
    return Math.max(0, Math.floor(this.#tokens));
  }

  /**
   * Takes the cost and answers 0, or takes nothing and answers the milliseconds until it would be there. What costs more
   * than a second's worth passes when the bucket is full, and leaves a debt: else it could never pass.
   */
  take(cost: number, nowMs: number): number {
    if (this.perSecond === 0) return Number.POSITIVE_INFINITY;
    this.#fill(nowMs);
    const missing = Math.min(cost, this.perSecond) - this.#tokens;
    if (missing <= 0) {
      this.#tokens -= cost;
      return 0;
    }
    return Math.ceil((missing * 1000) / this.perSecond);
  }

  /** Takes the cost out, whether or not it is there: it was given elsewhere already. */
  withdraw(cost: number, nowMs: number): void {
    this.#fill(nowMs);
    const lowest = Math.min(this.#tokens, -maxDebtSeconds * this.perSecond);
    this.#tokens = Math.max(lowest, this.#tokens - cost);
  }

  #fill(nowMs: number): void {
    const elapsedMs = Math.max(0, nowMs - this.#filledAtMs);
    this.#filledAtMs = nowMs;
    this.#tokens = Math.min(this.perSecond, this.#tokens + (elapsedMs * this.perSecond) / 1000);
  }
}
