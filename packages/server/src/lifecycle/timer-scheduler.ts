import type { Scheduler } from "../pusher/scheduler.ts";

/** Node runs a timer of more than this at once. */
const longestDelayMs = 2 ** 31 - 1;

/** The process's timers as a {@link Scheduler}. They do not keep the process alive. */
export const timerScheduler: Scheduler = {
  schedule(delayMs, task) {
    const timer = setTimeout(task, Math.min(delayMs, longestDelayMs));
    timer.unref();
    return () => clearTimeout(timer);
  },
};
