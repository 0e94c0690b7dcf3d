/** The failures of one webhook on their way to the log: each kind once, until it has been good again. */
import type { Failure } from "@antiphon/websocket";

export class WebhookReports {
  readonly #report: (failure: Failure) => void;
  readonly #reported = new Set<string>();

  constructor(report: (failure: Failure) => void) {
    this.#report = report;
  }

  once(failure: Failure): void {
    if (this.#reported.has(failure.name)) return;
    this.#reported.add(failure.name);
    this.#report(failure);
  }

  /** What these failures are about works: the next of their kind is news. Without names, all of them. */
  forget(...names: readonly string[]): void {
    if (names.length === 0) this.#reported.clear();
    for (const name of names) this.#reported.delete(name);
  }
}
