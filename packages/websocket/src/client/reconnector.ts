/**
 * Keeps a connection open (RFC 6455 §7.2.3): dials, waits with jitter after a loss, and knows when to give up. Knows no
 * socket and no platform: the Node client and the browser client each give it a way to dial.
 */
import { engineFailures } from "../failures/engine-failures.ts";
import type { Failure } from "../failures/failure.ts";
import { defaultBackoff } from "./backoff.ts";
import { OfflineQueue } from "./offline-queue.ts";
import { Outage } from "./outage.ts";
import type {
  Dialer,
  ReconnectHandlers,
  ReconnectOptions,
  ReconnectSettings,
  ReconnectState,
} from "./reconnect-options.ts";
import { defaultRetryTable, reconnectOnCleanClose } from "./retry-policy.ts";
import {
  type Loss,
  type ReconnectClock,
  type Session,
  type SessionSendResult,
  systemClock,
} from "./session.ts";

export const defaultReconnectSettings: ReconnectSettings = {
  backoff: defaultBackoff,
  stableAfterMs: 10_000,
  maxAttempts: Number.POSITIVE_INFINITY,
  maxElapsedMs: Number.POSITIVE_INFINITY,
  hookTimeoutMs: 10_000,
  retryTable: defaultRetryTable,
};

export class Reconnector<S extends Session, Target extends object> {
  readonly #dial: Dialer<S, Target>;
  readonly #options: ReconnectOptions<S, Target>;
  readonly #settings: ReconnectSettings;
  readonly #handlers: ReconnectHandlers<S>;
  readonly #clock: ReconnectClock;
  readonly #outage: Outage;
  readonly #queue: OfflineQueue | undefined;
  #target: Target;
  #state: ReconnectState = "idle";
  /** The running attempt, up to the end of the connection that it led to. */
  #attempt: AbortController | undefined;
  #session: S | undefined;
  #openedAt: number | undefined;
  #hasOpened = false;
  #cancelWait: (() => void) | undefined;
  #isOffline = false;
  /** Idle until there is something to send. */
  #isAsleep = false;
  #lastLoss: Loss | undefined;

  constructor(target: Target, dial: Dialer<S, Target>, options: ReconnectOptions<S, Target>) {
    this.#target = target;
    this.#dial = dial;
    this.#options = options;
    this.#handlers = options.handlers ?? {};
    this.#clock = options.clock ?? systemClock;
    this.#settings = chooseSettings(options);
    this.#outage = new Outage(this.#settings, options.retry);
    const { offlineQueue = false } = options;
    if (offlineQueue !== false) this.#queue = new OfflineQueue(offlineQueue === true ? {} : offlineQueue);
  }

  get state(): ReconnectState {
    return this.#state;
  }

  /** The open connection, from the end of the onReconnect hook on. */
  get session(): S | undefined {
    return this.#state === "open" ? this.#session : undefined;
  }

  /** Messages that wait for a connection. */
  get heldMessages(): number {
    return this.#queue?.size ?? 0;
  }

  /** Begins. Does nothing if it has begun already. */
  start(): this {
    if (this.#state === "idle") this.#beginAnew();
    return this;
  }

  /** Attempts at once: cuts a wait short, wakes a stopped client, replaces an open connection. */
  reconnect(): void {
    if (this.#state === "connecting") return;
    const session = this.#session;
    this.#leave();
    session?.close();
    this.#beginAnew();
  }

  /** Ends the connection, or the attempts, for good; what is held is dropped. */
  stop(code?: number, reason?: string): void {
    if (this.#state === "stopped") return;
    // Before anything changes: a code that may not be sent throws.
    this.#session?.close(code, reason);
    this.#leave();
    this.#queue?.clear();
    this.#finish({});
  }

  /**
   * Sends on the open connection. Without one: `held` if there is an offline queue with room, otherwise `dropped`, or
   * `closed` if there is no queue.
   */
  send(data: string | Uint8Array): SessionSendResult {
    const session = this.session;
    if (session && this.heldMessages === 0) return session.send(data);
    if (this.#queue === undefined || this.#state === "stopped") {
      this.#report(engineFailures.create("send-before-open", { state: this.#state }));
      return "closed";
    }
    const { isHeld, overflow } = this.#queue.push(data, this.#clock.now());
    if (overflow) this.#report(overflow);
    if (session) this.#flush(session);
    if (this.#isAsleep) this.#beginAnew();
    return isHeld ? "held" : "dropped";
  }

  /** The machine has a network again: what waits is tried at once. */
  goOnline(): void {
    if (!this.#isOffline) return;
    this.#isOffline = false;
    if (this.#state === "waiting") this.#dialNow();
  }

  /** The machine has no network: attempts would be in vain, so none is made and none is counted. */
  goOffline(): void {
    this.#isOffline = true;
    this.#cancelWait?.();
    this.#cancelWait = undefined;
  }

  #beginAnew(): void {
    this.#isAsleep = false;
    this.#outage.begin(this.#clock.now());
    this.#dialNow();
  }

  #dialNow(): void {
    this.#cancelWait?.();
    this.#cancelWait = undefined;
    const attempt = new AbortController();
    this.#attempt = attempt;
    this.#enter("connecting");
    // A handler may have stopped it by now.
    if (!attempt.signal.aborted) void this.#open(attempt);
  }

  /** One attempt. Never rejects: hooks, dialling and handlers are all guarded. */
  async #open(attempt: AbortController): Promise<void> {
    const { signal } = attempt;
    const refreshed = await this.#refresh(signal);
    if (signal.aborted) return;
    if (!refreshed.ok) {
      const failure = engineFailures.create("reconnect-refresh-failed");
      this.#report(failure, refreshed.cause);
      this.#lose(attempt, { type: "refused", failure, cause: refreshed.cause });
      return;
    }
    // What comes before the hook has begun to listen waits for it.
    let early: (string | Uint8Array)[] | undefined = [];
    const result = await this.#dial(
      this.#target,
      {
        message: (data) => {
          if (signal.aborted) return undefined;
          if (early === undefined) return this.#handlers.message?.(data);
          early.push(data);
          return undefined;
        },
        ended: (end) => this.#lose(attempt, { type: "ended", ...end }),
      },
      signal,
    );
    if (signal.aborted) {
      if (result.ok) result.session.close();
      return;
    }
    if (!result.ok) {
      this.#lose(attempt, { type: "refused", ...result });
      return;
    }
    const { session } = result;
    this.#session = session;
    this.#openedAt = this.#clock.now();
    const hook = this.#prepare(session, signal);
    const messages = early;
    early = undefined;
    for (const message of messages) this.#notify("message", () => this.#handlers.message?.(message));
    const prepared = await hook;
    if (signal.aborted) return;
    if (!prepared.ok) {
      const failure = engineFailures.create("resubscribe-failed");
      this.#report(failure, prepared.cause);
      this.#lose(attempt, { type: "refused", failure, cause: prepared.cause });
      session.close();
      return;
    }
    this.#enter("open");
    this.#hasOpened = true;
    this.#flush(session);
    if (!signal.aborted) this.#notify("open", () => this.#handlers.open?.(session));
  }

  async #refresh(signal: AbortSignal): Promise<Guarded> {
    if (this.#options.refresh === undefined) return { ok: true };
    return this.#guard(signal, async () => {
      const fresh = await this.#options.refresh?.({ loss: this.#lastLoss, signal });
      if (!signal.aborted) this.#target = { ...this.#target, ...fresh };
    });
  }

  async #prepare(session: S, signal: AbortSignal): Promise<Guarded> {
    if (this.#options.onReconnect === undefined) return { ok: true };
    const opening = { isFirst: !this.#hasOpened, signal };
    return this.#guard(signal, async () => this.#options.onReconnect?.(session, opening));
  }

  /** Runs a hook until it is done, has failed, takes too long, or nobody waits for it any more. */
  #guard(signal: AbortSignal, hook: () => Promise<void>): Promise<Guarded> {
    return new Promise((resolve) => {
      const { hookTimeoutMs } = this.#settings;
      const finish = (outcome: Guarded): void => {
        cancel();
        signal.removeEventListener("abort", giveUp);
        resolve(outcome);
      };
      const giveUp = (): void => finish({ ok: false, cause: signal.reason });
      const cancel = this.#clock.schedule(() => {
        finish({ ok: false, cause: new Error(`the hook took longer than ${hookTimeoutMs} ms`) });
      }, hookTimeoutMs);
      signal.addEventListener("abort", giveUp);
      hook().then(
        () => finish({ ok: true }),
        (cause: unknown) => finish({ ok: false, cause }),
      );
    });
  }

  #flush(session: S): void {
    this.#queue?.flush(this.#clock.now(), (data) => ["sent", "queued"].includes(session.send(data)));
  }

  /** An attempt failed, or its connection ended: does what follows. */
  #lose(attempt: AbortController, loss: Loss): void {
    if (attempt.signal.aborted) return;
    const now = this.#clock.now();
    const openMs = this.#openedAt === undefined ? 0 : now - this.#openedAt;
    this.#leave();
    this.#lastLoss = loss;
    const verdict = this.#outage.judge(loss, {
      now,
      random: this.#clock.random(),
      openMs,
      isOffline: this.#isOffline,
      canRefresh: this.#options.refresh !== undefined,
      isNeeded: this.heldMessages > 0 || this.#options.onReconnect !== undefined,
    });
    if (verdict.warning) this.#report(verdict.warning);
    if (verdict.action === "wait") this.#wait(loss, verdict.delayMs);
    else if (verdict.action === "stop") this.#finish({ failure: verdict.failure, loss });
    else {
      this.#isAsleep = true;
      this.#enter("idle");
    }
  }

  #wait(loss: Loss, drawnMs: number): void {
    const delayMs = this.#isOffline ? Number.POSITIVE_INFINITY : drawnMs;
    if (!this.#isOffline) this.#cancelWait = this.#clock.schedule(() => this.#dialNow(), drawnMs);
    this.#enter("waiting");
    const waiting = { loss, delayMs, failedAttempts: this.#outage.failedAttempts };
    this.#notify("waiting", () => this.#handlers.waiting?.(waiting));
  }

  /** Lets go of the attempt, its connection and the wait; nothing that they still report counts. */
  #leave(): void {
    this.#attempt?.abort();
    this.#attempt = undefined;
    this.#session = undefined;
    this.#openedAt = undefined;
    this.#isAsleep = false;
    this.#cancelWait?.();
    this.#cancelWait = undefined;
  }

  #finish(report: { readonly failure?: Failure; readonly loss?: Loss }): void {
    this.#enter("stopped");
    this.#notify("stopped", () => this.#handlers.stopped?.(report));
  }

  #enter(state: ReconnectState): void {
    this.#state = state;
    this.#notify("state", () => this.#handlers.state?.(state));
  }

  #report(failure: Failure, cause?: unknown): void {
    this.#handlers.failure?.(failure, cause);
  }

  /** Calls a handler, so that what it throws harms nobody else. */
  #notify(handler: string, call: () => void | Promise<void>): void {
    const fail = (cause: unknown): void =>
      this.#report(engineFailures.create("message-unhandled-exception", { handler }), cause);
    try {
      const result = call();
      if (result instanceof Promise) result.catch(fail);
    } catch (error) {
      fail(error);
    }
  }
}

type Guarded = { readonly ok: true } | { readonly ok: false; readonly cause: unknown };

function chooseSettings<S extends Session, T>(options: ReconnectOptions<S, T>): ReconnectSettings {
  const defaults = defaultReconnectSettings;
  const retryTable = options.retryTable ?? defaults.retryTable;
  return {
    backoff: { ...defaults.backoff, ...options.backoff },
    stableAfterMs: options.stableAfterMs ?? defaults.stableAfterMs,
    maxAttempts: options.maxAttempts ?? defaults.maxAttempts,
    maxElapsedMs: options.maxElapsedMs ?? defaults.maxElapsedMs,
    hookTimeoutMs: options.hookTimeoutMs ?? defaults.hookTimeoutMs,
    retryTable: options.reconnectOnCleanClose === true ? reconnectOnCleanClose(retryTable) : retryTable,
  };
}
