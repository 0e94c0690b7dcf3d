/** Failures by their catalogue name: how many, and the first of each as the example that is shown. */
import type { Failure } from "@antiphon/websocket";

export interface TalliedFailure {
  readonly example: Failure;
  readonly count: number;
}

export class FailureTally {
  readonly #byName = new Map<string, TalliedFailure>();

  add(failure: Failure, times = 1): void {
    const known = this.#byName.get(failure.name);
    this.#byName.set(failure.name, {
      example: known?.example ?? failure,
      count: (known?.count ?? 0) + times,
    });
  }

  /** The most frequent first. */
  get all(): readonly TalliedFailure[] {
    return [...this.#byName.values()].sort((a, b) => b.count - a.count);
  }
}
