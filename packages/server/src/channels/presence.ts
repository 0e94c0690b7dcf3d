/**
 * Who is in one presence channel. Connections go in, distinct users come out: a user is there from the first connection
 * to the last, and is shown with the info of the oldest one. Ids are compared as text: `1` and `"1"` are one user.
 */
import type { Scheduler } from "../pusher/scheduler.ts";
import type { PresenceMember } from "./channel-hub.ts";
import type { HubConnection } from "./hub-connection.ts";

interface User {
  /** Oldest first. Empty while the user's leave is delayed. */
  readonly connections: Map<HubConnection, PresenceMember>;
  /** How the user is shown: the member of the oldest connection. */
  shown: PresenceMember;
  /** JSON of the shown id and info, ready for snapshots. */
  idJson: string;
  infoJson: string;
  cancelLeave?: (() => void) | undefined;
}

export class PresenceRoster {
  readonly #users = new Map<string, User>();
  readonly #scheduler: Scheduler;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /** Distinct users. */
  get size(): number {
    return this.#users.size;
  }

  has(userId: string): boolean {
    return this.#users.has(userId);
  }

  /** Adds a connection; answers whether the user is new here and must be announced. */
  join(connection: HubConnection, member: PresenceMember): boolean {
    const key = String(member.userId);
    const user = this.#users.get(key);
    if (user === undefined) {
      this.#users.set(key, {
        connections: new Map([[connection, member]]),
        shown: member,
        ...serialise(member),
      });
      return true;
    }
    user.cancelLeave?.();
    user.cancelLeave = undefined;
    user.connections.set(connection, member);
    showOldest(user);
    return false;
  }

  /**
   * Removes a connection. When it was the user's last, `announce` is called with who left: at once, or after `delayMs`
   * unless the user is back by then.
   */
  leave(
    connection: HubConnection,
    member: PresenceMember,
    delayMs: number,
    announce: (member: PresenceMember) => void,
  ): void {
    const key = String(member.userId);
    const user = this.#users.get(key);
    if (!user?.connections.delete(connection)) return;
    if (user.connections.size > 0) {
      showOldest(user);
      return;
    }
    const finish = (): void => {
      this.#users.delete(key);
      announce(user.shown);
    };
    if (delayMs > 0) user.cancelLeave = this.#scheduler.schedule(delayMs, finish);
    else finish();
  }

  /** Ends all delayed leaves now; for a channel in which nobody is left to see them. */
  finishLeaves(announce: (member: PresenceMember) => void): void {
    for (const [key, user] of this.#users) {
      if (user.cancelLeave === undefined) continue;
      user.cancelLeave();
      this.#users.delete(key);
      announce(user.shown);
    }
  }

  /** Distinct members, oldest first. */
  members(): readonly PresenceMember[] {
    return Array.from(this.#users.values(), ({ shown }) => shown);
  }

  /** The connections of one user. */
  connectionsOf(userId: string): readonly HubConnection[] {
    return [...(this.#users.get(userId)?.connections.keys() ?? [])];
  }

  /**
   * The data of `subscription_succeeded`. Written by hand from ready JSON: an object would lose ids such as `__proto__`
   * and sort those that look like numbers.
   */
  formatSnapshot(): string {
    let ids = "";
    let hash = "";
    for (const [key, { idJson, infoJson }] of this.#users) {
      const comma = ids === "" ? "" : ",";
      ids += comma + idJson;
      hash += `${comma}${JSON.stringify(key)}:${infoJson}`;
    }
    return `{"presence":{"ids":[${ids}],"hash":{${hash}},"count":${this.#users.size}}}`;
  }
}

function showOldest(user: User): void {
  const [oldest] = user.connections.values();
  if (oldest === undefined || oldest === user.shown) return;
  user.shown = oldest;
  Object.assign(user, serialise(oldest));
}

/** Absent info becomes `null`: without its key in the hash, pusher-js would show fewer members than `count`. */
function serialise({ userId, userInfo }: PresenceMember): { idJson: string; infoJson: string } {
  return {
    idJson: JSON.stringify(userId),
    infoJson: userInfo === undefined ? "null" : JSON.stringify(userInfo),
  };
}
