/** The process's clock as the Pusher rules and the channels want it; see {@link Now} and {@link TimeOfDay}. */
import type { Now, TimeOfDay } from "../pusher/scheduler.ts";

export const now: Now = () => performance.timeOrigin + performance.now();

export const timeOfDay: TimeOfDay = () => Date.now();
