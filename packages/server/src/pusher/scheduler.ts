/**
 * Time, as the Pusher rules and the channels see it. The process gives them its clock and its timers; tests give them
 * time that moves when they say so.
 */

/** Milliseconds since 1970. */
export type Now = () => number;

/** Runs tasks later. */
export interface Scheduler {
  /** Runs the task once after the delay, unless the answer is called before. Never runs it synchronously. */
  schedule(delayMs: number, task: () => void): () => void;
}
