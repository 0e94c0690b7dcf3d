/**
 * One coarse clock for all deadlines of all connections (1 s slots): a timer per connection costs memory and CPU that
 * nobody needs for limits of seconds. Each item has at most one deadline; it works out the next one when it fires.
 */
import { readClock } from "./clock.ts";

/** Something with deadlines. */
export interface TimedItem {
  /** A deadline passed; `now` is monotonic, in milliseconds. Schedules itself again if it needs to. */
  onDeadline(now: number): void;
}

const slotMs = 1000;
const slotCount = 64;
/** A tick this late means that the process slept or was blocked, not that all peers died. */
const suspendedAfterMs = 10_000;

export class TimerWheel {
  readonly #slots: Set<TimedItem>[] = Array.from({ length: slotCount }, () => new Set<TimedItem>());
  readonly #due = new Map<TimedItem, number>();
  #tick: NodeJS.Timeout | undefined;
  #lastTick = 0;
  #lateByMs = 0;

  /** Items with a deadline. */
  get size(): number {
    return this.#due.size;
  }

  /** Monotonic, in whole milliseconds. */
  now(): number {
    return readClock();
  }

  /**
   * How late the running tick came, if so late that the process must have been suspended: peers then get a new chance
   * before they are judged silent. 0 otherwise.
   */
  get suspendedMs(): number {
    return this.#lateByMs;
  }

  /** Sets the item's deadline, replacing the one it had. Fires up to two seconds late, never early. */
  schedule(item: TimedItem, delayMs: number): void {
    this.cancel(item);
    if (this.#tick === undefined) this.#start();
    const due = this.now() + Math.max(delayMs, 0);
    this.#due.set(item, due);
    this.#slot(due).add(item);
  }

  /** Brings the item's deadline forward, if it has a later one or none. */
  hasten(item: TimedItem, delayMs: number): void {
    const due = this.#due.get(item);
    if (due === undefined || due > this.now() + delayMs) this.schedule(item, delayMs);
  }

  cancel(item: TimedItem): void {
    const due = this.#due.get(item);
    if (due === undefined) return;
    this.#due.delete(item);
    this.#slot(due).delete(item);
    if (this.#due.size === 0) this.#stop();
  }

  /** The slot that is visited next after `due`; never one that was visited in this very millisecond. */
  #slot(due: number): Set<TimedItem> {
    return this.#slots[(Math.floor(due / slotMs) + 1) % slotCount]!;
  }

  #start(): void {
    this.#lastTick = Math.floor(this.now() / slotMs);
    this.#tick = setInterval(() => this.#advance(), slotMs);
    // Deadlines alone must not keep a process alive that has nothing else to do.
    this.#tick.unref();
  }

  #stop(): void {
    clearInterval(this.#tick);
    this.#tick = undefined;
  }

  #advance(): void {
    const now = this.now();
    const current = Math.floor(now / slotMs);
    const lateMs = (current - this.#lastTick - 1) * slotMs;
    this.#lateByMs = lateMs >= suspendedAfterMs ? lateMs : 0;
    const first = Math.max(this.#lastTick + 1, current - slotCount + 1);
    this.#lastTick = current;
    for (let index = first; index <= current; index += 1) this.#fireSlot(index, now);
    this.#lateByMs = 0;
  }

  #fireSlot(index: number, now: number): void {
    for (const item of Array.from(this.#slots[index % slotCount]!)) {
      // An item of a later round of the wheel shares the slot; one that was cancelled by its neighbour is gone.
      const due = this.#due.get(item);
      if (due === undefined || due > now) continue;
      this.cancel(item);
      item.onDeadline(now);
    }
  }
}
