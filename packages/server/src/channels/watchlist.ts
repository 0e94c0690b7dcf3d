/**
 * Who watches whom: tells connections when the users on their watchlist come online and go offline. Going offline waits a
 * moment, so that a page reload is not seen. Only users whom somebody watches cost anything.
 */
import { formatWatchlistEvents } from "../pusher/outgoing-events.ts";
import type { Scheduler } from "../pusher/scheduler.ts";
import type { HubConnection } from "./hub-connection.ts";

/** How long a user may be away without being told offline. */
export const offlineDelayMs = 3000;

export class Watchlist {
  readonly #watchers = new Map<string, Set<HubConnection>>();
  readonly #watched = new Map<HubConnection, readonly string[]>();
  /** Users who left and whose watchers do not know it yet; cancels the telling. */
  readonly #leaving = new Map<string, () => void>();
  readonly #isSignedIn: (userId: string) => boolean;
  readonly #scheduler: Scheduler;

  constructor(isSignedIn: (userId: string) => boolean, scheduler: Scheduler) {
    this.#isSignedIn = isSignedIn;
    this.#scheduler = scheduler;
  }

  /** Starts watching, and tells the connection how each of the users is now. `userIds` holds no id twice. */
  watch(connection: HubConnection, userIds: readonly string[]): void {
    if (userIds.length === 0) return;
    this.#watched.set(connection, userIds);
    const online: string[] = [];
    const offline: string[] = [];
    for (const userId of userIds) {
      const watchers = this.#watchers.get(userId);
      if (watchers) watchers.add(connection);
      else this.#watchers.set(userId, new Set([connection]));
      const seenOnline = this.#isSignedIn(userId) || this.#leaving.has(userId);
      (seenOnline ? online : offline).push(userId);
    }
    connection.transport.send(formatWatchlistEvents(online, offline));
  }

  /** The connection is gone. */
  unwatch(connection: HubConnection): void {
    for (const userId of this.#watched.get(connection) ?? []) {
      const watchers = this.#watchers.get(userId);
      if (watchers?.delete(connection) && watchers.size === 0) this.#forget(userId);
    }
    this.#watched.delete(connection);
  }

  /** A user's first connection signed in: tells the watchers, except that connection, which knows, if it is of this node. */
  userArrived(userId: string, connection?: HubConnection): void {
    const cancelLeave = this.#leaving.get(userId);
    if (cancelLeave) {
      cancelLeave();
      this.#leaving.delete(userId);
    } else {
      this.#tell(userId, formatWatchlistEvents([userId], []), connection);
    }
  }

  /** A user's last connection is gone: tells the watchers, unless the user is back in time. */
  userLeft(userId: string): void {
    if (!this.#watchers.has(userId)) return;
    const cancel = this.#scheduler.schedule(offlineDelayMs, () => {
      this.#leaving.delete(userId);
      this.#tell(userId, formatWatchlistEvents([], [userId]));
    });
    this.#leaving.set(userId, cancel);
  }

  #tell(userId: string, text: string, except?: HubConnection): void {
    for (const watcher of this.#watchers.get(userId) ?? []) {
      if (watcher !== except) watcher.transport.send(text);
    }
  }

  #forget(userId: string): void {
    this.#watchers.delete(userId);
    this.#leaving.get(userId)?.();
    this.#leaving.delete(userId);
  }
}
