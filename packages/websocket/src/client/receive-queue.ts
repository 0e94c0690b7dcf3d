/**
 * Messages that wait for somebody to take them, and takers that wait for a message: first come, first served on both
 * sides. A taker's timeout takes nothing away: a message that comes in the same turn goes to the next one.
 */
import { engineFailures } from "../failures/engine-failures.ts";
import type { Failure } from "../failures/failure.ts";
import type { CloseReport } from "../node/close-report.ts";
import { longestTimerMs } from "./longest-timer.ts";

export interface ReceiveQueueLimits {
  readonly maxMessages: number;
  /** Bytes of binary messages and characters of texts. */
  readonly maxBytes: number;
}

export const defaultReceiveQueueLimits: ReceiveQueueLimits = { maxMessages: 16, maxBytes: 1024 * 1024 };

export interface ReceiveOptions {
  /** 0 only looks whether a message is there. Default: no limit; the heartbeat finds a dead peer by itself. */
  readonly timeoutMs?: number;
  /** An abort is answered like a timeout. */
  readonly signal?: AbortSignal;
}

/**
 * `timeout`: nothing came yet, and nothing else is meant; its failure is an information, `receive-timeout`. `closed`: the
 * connection has ended and all its messages were taken.
 */
export type ReceiveResult =
  | { readonly type: "message"; readonly data: string | Uint8Array }
  | { readonly type: "timeout"; readonly failure: Failure }
  | { readonly type: "closed"; readonly report: CloseReport };

type Taker = (result: ReceiveResult) => void;

export class ReceiveQueue {
  readonly #limits: ReceiveQueueLimits;
  readonly #messages: (string | Uint8Array)[] = [];
  #bytes = 0;
  readonly #takers = new Set<Taker>();
  #report: CloseReport | undefined;

  constructor(limits: ReceiveQueueLimits) {
    this.#limits = limits;
  }

  /** Whether the socket should not be read for now. */
  get isFull(): boolean {
    return this.#messages.length >= this.#limits.maxMessages || this.#bytes >= this.#limits.maxBytes;
  }

  /** Whether there is room enough to read again: half of what the limits allow. */
  get hasRoom(): boolean {
    return this.#messages.length <= this.#limits.maxMessages / 2 && this.#bytes <= this.#limits.maxBytes / 2;
  }

  push(data: string | Uint8Array): void {
    const [taker] = this.#takers;
    if (taker) {
      taker({ type: "message", data });
      return;
    }
    this.#messages.push(data);
    this.#bytes += data.length;
  }

  /** The connection has ended: messages that wait can still be taken. */
  end(report: CloseReport): void {
    this.#report = report;
    for (const taker of this.#takers) taker({ type: "closed", report });
  }

  /** Drops all that waits: nobody will take it. */
  clear(): void {
    this.#messages.length = 0;
    this.#bytes = 0;
  }

  take({ timeoutMs, signal }: ReceiveOptions): Promise<ReceiveResult> {
    // An aborted taker gets nothing: what it took would be lost.
    if (signal?.aborted) return Promise.resolve(createTimeout(0));
    const data = this.#messages.shift();
    if (data !== undefined) {
      this.#bytes -= data.length;
      return Promise.resolve({ type: "message", data });
    }
    if (this.#report) return Promise.resolve({ type: "closed", report: this.#report });
    if (timeoutMs !== undefined && timeoutMs <= 0) return Promise.resolve(createTimeout(0));
    return this.#wait(timeoutMs, signal);
  }

  #wait(timeoutMs: number | undefined, signal: AbortSignal | undefined): Promise<ReceiveResult> {
    const startedAt = performance.now();
    return new Promise((resolve) => {
      const taker: Taker = (result) => {
        this.#takers.delete(taker);
        clearTimeout(timer);
        signal?.removeEventListener("abort", giveUp);
        resolve(result);
      };
      const giveUp = (): void => taker(createTimeout(Math.round(performance.now() - startedAt)));
      const isLimited = timeoutMs !== undefined && timeoutMs <= longestTimerMs;
      const timer = isLimited ? setTimeout(giveUp, timeoutMs) : undefined;
      signal?.addEventListener("abort", giveUp);
      this.#takers.add(taker);
    });
  }
}

function createTimeout(timeoutMs: number): ReceiveResult {
  return { type: "timeout", failure: engineFailures.create("receive-timeout", { timeoutMs }) };
}
