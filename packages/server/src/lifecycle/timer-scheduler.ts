import type { Scheduler } from "../pusher/scheduler.ts";

/** The process's timers as a {@link Scheduler}. They do not keep the process alive. */
export const timerScheduler: Scheduler = {
  schedule(delayMs, task) {
    const timer = setTimeout(task, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
