/** Counts events of one connection in windows of time, to refuse what is too much. Two numbers, no timer. */
export class RateWindow {
  #startedAtMs = Number.NEGATIVE_INFINITY;
  #count = 0;

  /** Takes note of one event; answers whether it is within `max` per window. A negative `max` is unlimited. */
  admit(nowMs: number, max: number, windowMs: number): boolean {
    if (max < 0) return true;
    if (nowMs - this.#startedAtMs >= windowMs) {
      this.#startedAtMs = nowMs;
      this.#count = 0;
    }
    this.#count++;
    return this.#count <= max;
  }
}
