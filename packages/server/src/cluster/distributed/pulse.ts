/**
 * The beat of a node: calls in regular intervals, and says how much too late, which is for how long the process was paused. Own
 * messages come back through the server between the nodes; when none does for long, the connection only looks alive.
 */
import type { Now, Scheduler } from "../../pusher/scheduler.ts";

export interface PulseOptions {
  readonly intervalMs: number;
  /** A connection on which nothing comes back for so long does not work. */
  readonly stalledAfterMs: number;
  readonly onBeat: (lateMs: number) => void;
  readonly now: Now;
  readonly scheduler: Scheduler;
}

export class Pulse {
  readonly #options: PulseOptions;
  #lastBeatMs = 0;
  #lastEchoMs = 0;
  #cancel: (() => void) | undefined;

  constructor(options: PulseOptions) {
    this.#options = options;
  }

  /** Time since something came back, while longer than a working connection takes; `undefined` otherwise. */
  get stalledMs(): number | undefined {
    const silentMs = this.#options.now() - this.#lastEchoMs;
    return silentMs > this.#options.stalledAfterMs ? silentMs : undefined;
  }

  start(): void {
    this.restart();
    this.#schedule();
  }

  /** What was so far does not count: the next beat is not late, and the connection is as good as new. */
  restart(): void {
    this.#lastBeatMs = this.#options.now();
    this.#lastEchoMs = this.#lastBeatMs;
  }

  /** Something that this node has sent came back. */
  echoed(): void {
    this.#lastEchoMs = this.#options.now();
  }

  stop(): void {
    this.#cancel?.();
  }

  #schedule(): void {
    const { intervalMs, scheduler } = this.#options;
    this.#cancel = scheduler.schedule(intervalMs, () => {
      this.#schedule();
      this.#beat();
    });
  }

  #beat(): void {
    const { intervalMs, now, onBeat } = this.#options;
    const nowMs = now();
    const lateMs = Math.max(0, nowMs - this.#lastBeatMs - intervalMs);
    this.#lastBeatMs = nowMs;
    this.#lastEchoMs = Math.min(this.#lastEchoMs + lateMs, nowMs);
    onBeat(lateMs);
  }
}
