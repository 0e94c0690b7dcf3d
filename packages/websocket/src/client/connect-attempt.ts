/**
 * One run from the URL to the open connection: its deadline, its abort signal, the socket that both destroy, and a clock
 * per stage. The stages in the other files run inside {@link ConnectAttempt.run} and know nothing of time.
 */
import type { Socket } from "node:net";
import { engineFailures } from "../failures/engine-failures.ts";
import type { Failure } from "../failures/failure.ts";
import { ConnectError, type RefusedResponse, type StageTimings } from "./connect-error.ts";
import { longestTimerMs } from "./longest-timer.ts";

export type ConnectStage = "dns" | "tcp" | "proxy" | "tls" | "upgrade";

/** How a stage tells its end, and gives its listeners back. */
export interface StageSettle<T> {
  resolve(value: T): void;
  fail(failure: Failure, cause?: unknown): void;
}

export class ConnectAttempt {
  readonly #timeoutMs: number;
  readonly #signal: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout;
  readonly #timings: Partial<Record<`${ConnectStage}Ms`, number>> = {};
  #stage: ConnectStage = "dns";
  #stageStartedAt = performance.now();
  #isStageOpen = false;
  #socket: Socket | undefined;
  #end: ConnectError | undefined;
  #interrupt: ((error: ConnectError) => void) | undefined;
  readonly #nameTimeout: (stage: ConnectStage, timeoutMs: number) => Failure;

  constructor(options: {
    readonly timeoutMs: number;
    readonly signal: AbortSignal | undefined;
    /** Names the failure of the stage that the deadline met. */
    readonly nameTimeout: (stage: ConnectStage, timeoutMs: number) => Failure;
  }) {
    this.#timeoutMs = options.timeoutMs;
    this.#signal = options.signal;
    this.#nameTimeout = options.nameTimeout;
    this.#timer = setTimeout(this.#onTimeout, Math.min(options.timeoutMs, longestTimerMs));
    this.#signal?.addEventListener("abort", this.#onAbort, { once: true });
    if (this.#signal?.aborted) this.#onAbort();
  }

  /** Where the attempt is. */
  get stage(): ConnectStage {
    return this.#stage;
  }

  /** Milliseconds of every stage so far. */
  get timings(): StageTimings {
    if (this.#isStageOpen) this.#noteStage();
    return { ...this.#timings };
  }

  /** Makes `socket` the one that is destroyed if the attempt ends. */
  hold(socket: Socket): void {
    this.#socket = socket;
    // Between two stages nobody listens, and an error without a listener would end the process.
    socket.on("error", ignoreError);
  }

  /** Begins a stage; a redirect begins anew, and its times replace those before. */
  enter(stage: ConnectStage): void {
    if (this.#isStageOpen) this.#noteStage();
    this.#stage = stage;
    this.#stageStartedAt = performance.now();
    this.#isStageOpen = true;
  }

  /**
   * Runs one step of a stage. `start` attaches listeners and gives back what detaches them. Rejects with a
   * {@link ConnectError}: of the step, of the deadline, or of the abort. `onTimeout` makes the deadline a value instead.
   */
  run<T>(start: (settle: StageSettle<T>) => () => void, onTimeout?: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#end) {
        reject(this.#end);
        return;
      }
      let detach: (() => void) | undefined;
      let isSettled = false;
      const settle = (act: () => void): void => {
        if (isSettled) return;
        isSettled = true;
        this.#interrupt = undefined;
        detach?.();
        act();
      };
      this.#interrupt = (error) => {
        const rescued = error.code === "connect-aborted-by-caller" ? undefined : onTimeout;
        settle(() => (rescued ? resolve(rescued()) : reject(error)));
      };
      detach = start({
        resolve: (value) => settle(() => resolve(value)),
        fail: (failure, cause) => settle(() => reject(this.fail(failure, { cause }))),
      });
      if (isSettled) detach();
    });
  }

  /** The error that ends this attempt; the socket is destroyed. */
  fail(failure: Failure, details: { response?: RefusedResponse; cause?: unknown } = {}): ConnectError {
    this.#socket?.destroy();
    return new ConnectError(failure, { timings: this.timings, ...details });
  }

  /** Destroys the socket that is held, if one is. */
  destroy(): void {
    this.#socket?.destroy();
  }

  /** The socket belongs to somebody else from here on. */
  release(): void {
    this.#socket = undefined;
  }

  /** @throws ConnectError if the deadline has passed or the caller has aborted. */
  throwIfEnded(): void {
    if (this.#end) throw this.#end;
  }

  /** Neither deadline nor abort count any more. */
  finish(): void {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener("abort", this.#onAbort);
  }

  readonly #onTimeout = (): void => this.#endWith(this.#nameTimeout(this.#stage, this.#timeoutMs));

  readonly #onAbort = (): void => {
    this.#endWith(engineFailures.create("connect-aborted-by-caller"), this.#signal?.reason);
  };

  #endWith(failure: Failure, cause?: unknown): void {
    this.#end ??= this.fail(failure, { cause });
    this.#interrupt?.(this.#end);
  }

  #noteStage(): void {
    this.#timings[`${this.#stage}Ms`] = Math.round((performance.now() - this.#stageStartedAt) * 10) / 10;
  }
}

/** `close` follows every error, and whoever holds the socket by then listens to it. */
function ignoreError(): void {}
