/**
 * What a node announces within one turn of the event loop, before it goes out: changes in, as few changes out, in order.
 * A newer count replaces an older one that nobody has been told yet, but never one of zero, nor by zero: that somebody
 * was the first or the last is to be seen by all.
 */
import type { StateChange } from "./state-change.ts";

/** Changes of one app that travel together. */
export interface AnnouncedChanges {
  readonly appId: string;
  readonly changes: readonly StateChange[];
}

interface Batch {
  readonly changes: StateChange[];
  /** Where the count of a channel or user stands that may still be replaced. */
  readonly replaceable: Map<string, number>;
}

/** A frame stays small, so that others get in between. */
const maxChangesTogether = 1000;

export class AnnouncementBatch {
  #batches = new Map<string, Batch>();

  add(appId: string, change: StateChange): void {
    let batch = this.#batches.get(appId);
    if (batch === undefined) {
      batch = { changes: [], replaceable: new Map() };
      this.#batches.set(appId, batch);
    }
    const key = keyOf(change);
    const place = key === undefined ? undefined : batch.replaceable.get(key);
    if (place !== undefined && isReplacement(change)) {
      batch.changes[place] = change;
      return;
    }
    batch.changes.push(change);
    if (key === undefined) return;
    if (isReplacement(change)) batch.replaceable.set(key, batch.changes.length - 1);
    else batch.replaceable.delete(key);
  }

  /** All that was added since the last time. */
  take(): readonly AnnouncedChanges[] {
    if (this.#batches.size === 0) return [];
    const batches = this.#batches;
    this.#batches = new Map();
    return [...batches].flatMap(([appId, { changes }]) => splitChanges(appId, changes));
  }
}

/** In portions that fit a frame. */
export function splitChanges(appId: string, changes: readonly StateChange[]): AnnouncedChanges[] {
  const portions: AnnouncedChanges[] = [];
  for (let start = 0; start < changes.length; start += maxChangesTogether) {
    portions.push({ appId, changes: changes.slice(start, start + maxChangesTogether) });
  }
  return portions;
}

/** Changes of several apps, as the replica describes them, in portions that fit a frame. */
export function collectChanges(
  described: Iterable<readonly [appId: string, change: StateChange]>,
): AnnouncedChanges[] {
  const byApp = new Map<string, StateChange[]>();
  for (const [appId, change] of described) {
    const changes = byApp.get(appId);
    if (changes) changes.push(change);
    else byApp.set(appId, [change]);
  }
  return [...byApp].flatMap(([appId, changes]) => splitChanges(appId, changes));
}

function keyOf(change: StateChange): string | undefined {
  switch (change.type) {
    case "subscriptions":
      return `channel ${change.channel}`;
    case "user":
      return `user ${change.userId}`;
    case "connections":
      return "connections";
    default:
      return undefined;
  }
}

function isReplacement(change: StateChange): boolean {
  return "count" in change ? change.count > 0 : true;
}
