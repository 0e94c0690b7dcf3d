/**
 * Time, as the Pusher rules and the channels see it. The process gives them its clock and its timers; tests give them
 * time that moves when they say so.
 */

/**
 * Milliseconds since 1970 on a clock that was read once, when the process started, and that nobody sets since: it never
 * goes back, and differences are what they seem.
 */
export type Now = () => number;

/** Milliseconds since 1970, for what other machines read. An operator or NTP may set it forward and back. */
export type TimeOfDay = () => number;

/** Runs tasks later. */
export interface Scheduler {
  /** Runs the task once after the delay, unless the answer is called before. Never runs it synchronously. */
  schedule(delayMs: number, task: () => void): () => void;
}
