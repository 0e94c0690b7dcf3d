/**
 * Reads the snapshot of one other node: asks for one portion after the other, hands them on, and begins anew when a portion was
 * lost or something was missed meanwhile. What the node changes while it is read comes the usual way in between; both say how
 * something is at that moment, and come in the order in which they were made.
 */
import type { Scheduler } from "../../pusher/scheduler.ts";
import type { SnapshotPortion, SnapshotRequest } from "./wire-message.ts";

export interface SnapshotReaderOptions {
  readonly ask: (request: SnapshotRequest) => void;
  /** Answers no two calls the same. */
  readonly createId: () => number;
  /** Whether an answer can come at all. */
  readonly isConnected: () => boolean;
  /** Of how many milliseconds the cached events are wanted; asked whenever reading begins. */
  readonly cachedWithinMs: () => number;
  readonly onPortion: (portion: SnapshotPortion) => void;
  /** All was read, and nothing missed since the first portion. */
  readonly onDone: (last: SnapshotPortion) => void;
  /** No answer came to so many requests in a row. */
  readonly onUnanswered: (attempts: number) => void;
  /** An answer takes no longer than this. */
  readonly answerMs: number;
  readonly scheduler: Scheduler;
}

interface Reading {
  readonly id: number;
  readonly cachedWithinMs: number;
  next: number;
  missed: boolean;
}

/** After so many requests without an answer nobody waits for this node. */
const patientAttempts = 5;

const longestWaitMs = 30_000;

export class SnapshotReader {
  readonly #options: SnapshotReaderOptions;
  #reading: Reading | undefined;
  #attempts = 0;
  #cancelTimer: (() => void) | undefined;

  constructor(options: SnapshotReaderOptions) {
    this.#options = options;
  }

  /** Whether something is still to come that is worth waiting for. */
  get isBusy(): boolean {
    return this.#reading !== undefined && this.#attempts < patientAttempts;
  }

  /** Whether something of the node is not known yet. */
  get isReading(): boolean {
    return this.#reading !== undefined;
  }

  /** Something was missed. If reading has only been asked for, what was missed will be part of it. */
  read(): void {
    if (this.#reading === undefined) this.#begin();
    else if (this.#reading.next > 0) this.#reading.missed = true;
  }

  /** Begins anew what was under way when the connection was lost. */
  resume(): void {
    if (this.#reading) this.#begin();
  }

  cancel(): void {
    this.#cancelTimer?.();
    this.#reading = undefined;
  }

  take(portion: SnapshotPortion): void {
    const reading = this.#reading;
    if (reading?.id !== portion.id || reading.next !== portion.portion) return;
    this.#attempts = 0;
    this.#options.onPortion(portion);
    reading.next += 1;
    if (!portion.done) {
      this.#ask(reading);
    } else if (reading.missed) {
      this.#begin();
    } else {
      this.cancel();
      this.#options.onDone(portion);
    }
  }

  /** The node has no time now, but lives. */
  takeBusy(id: number): void {
    if (this.#reading?.id !== id) return;
    this.#attempts = -1;
    this.#wait(this.#options.answerMs);
  }

  #begin(): void {
    const { createId, cachedWithinMs } = this.#options;
    this.#reading = { id: createId(), cachedWithinMs: cachedWithinMs(), next: 0, missed: false };
    this.#ask(this.#reading);
  }

  #ask({ id, next, cachedWithinMs }: Reading): void {
    const { ask, answerMs } = this.#options;
    ask({ type: "snapshot-request", id, portion: next, cachedWithinMs });
    this.#wait(Math.min(answerMs * 2 ** Math.max(this.#attempts, 0), longestWaitMs));
  }

  #wait(delayMs: number): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#options.scheduler.schedule(delayMs, () => this.#repeat());
  }

  #repeat(): void {
    const { isConnected, onUnanswered } = this.#options;
    // Without a connection nobody is to blame; it is taken up again when there is one.
    if (!isConnected()) return;
    this.#attempts += 1;
    if (this.#attempts === patientAttempts) onUnanswered(this.#attempts);
    this.#begin();
  }
}
