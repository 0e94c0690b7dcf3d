/**
 * How long published messages wait before their bytes go to the sockets. The engine writes what a turn of the event loop
 * has published at the end of that turn, so one measurement serves all of them: from the first publish of the turn, which
 * waits longest, until the writes are done.
 */
export class DeliveryTimer {
  readonly #observe: (ms: number) => void;
  readonly #now: () => number;
  #queuedAt: number | undefined;

  /** @param now monotonic milliseconds. */
  constructor(observe: (ms: number) => void, now: () => number) {
    this.#observe = observe;
    this.#now = now;
  }

  /**
   * A message was just handed to a topic. To be called after that: the engine has asked for its `setImmediate` by then,
   * and immediates run in the order in which they were asked for.
   */
  noteQueued(): void {
    if (this.#queuedAt !== undefined) return;
    this.#queuedAt = this.#now();
    setImmediate(this.#finishTurn);
  }

  readonly #finishTurn = (): void => {
    if (this.#queuedAt === undefined) return;
    this.#observe(this.#now() - this.#queuedAt);
    this.#queuedAt = undefined;
  };
}
