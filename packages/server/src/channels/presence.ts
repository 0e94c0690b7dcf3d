/**
 * Who is in one presence channel, over the cluster. Connections of this node and holdings of other nodes go in, distinct
 * users come out: a user is there from the first to the last, and is shown with the info of the oldest, so that all nodes
 * agree. Ids are compared as text: `1` and `"1"` are one user.
 */
import type { Scheduler } from "../pusher/scheduler.ts";
import type { PresenceMember } from "./channel-hub.ts";
import type { HubConnection } from "./hub-connection.ts";

/** A member and the time of joining, in milliseconds since 1970. */
export interface Presence {
  readonly member: PresenceMember;
  readonly sinceMs: number;
}

interface User {
  /** Of this node, oldest first. */
  readonly connections: Map<HubConnection, Presence>;
  /** What other nodes hold of the user, by node; made when first needed. */
  remote: Map<string, Presence> | undefined;
  /** How the user is shown: the oldest presence. */
  shown: Presence;
  /** JSON of the shown id and info, ready for snapshots. */
  idJson: string;
  infoJson: string;
  /** Set while nobody is left and the leave is delayed. */
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

  /** Distinct users, by the text of their ids. */
  userIds(): Iterable<string> {
    return this.#users.keys();
  }

  /** Adds a connection; answers whether the user is new here and must be announced. */
  join(connection: HubConnection, member: PresenceMember, sinceMs: number): boolean {
    const presence = { member, sinceMs };
    const { user, arrived } = this.#open(presence);
    user.connections.set(connection, presence);
    showOldest(user);
    return arrived;
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
    if (user?.connections.delete(connection)) this.#settle(key, user, delayMs, announce);
  }

  /** Takes note of what another node holds of a user; answers as {@link join} does. */
  joinRemote(nodeId: string, presence: Presence): boolean {
    const { user, arrived } = this.#open(presence);
    user.remote ??= new Map();
    user.remote.set(nodeId, presence);
    showOldest(user);
    return arrived;
  }

  /** Another node holds the user no longer; as {@link leave}. */
  leaveRemote(
    nodeId: string,
    userId: string,
    delayMs: number,
    announce: (member: PresenceMember) => void,
  ): void {
    const user = this.#users.get(userId);
    if (user?.remote?.delete(nodeId)) this.#settle(userId, user, delayMs, announce);
  }

  /** What this node holds of a user, for the other nodes: the presence of its oldest connection, `except` left out. */
  heldHere(userId: string, except?: HubConnection): Presence | undefined {
    for (const [connection, presence] of this.#users.get(userId)?.connections ?? []) {
      if (connection !== except) return presence;
    }
    return undefined;
  }

  /** All that this node holds. */
  *allHeldHere(): Iterable<Presence> {
    for (const { connections } of this.#users.values()) {
      const [oldest] = connections.values();
      if (oldest) yield oldest;
    }
  }

  /** Ends all delayed leaves now; for a channel in which nobody is left to see them. */
  finishLeaves(announce: (member: PresenceMember) => void): void {
    for (const [key, user] of this.#users) {
      if (user.cancelLeave === undefined) continue;
      user.cancelLeave();
      this.#users.delete(key);
      announce(user.shown.member);
    }
  }

  /** Distinct members, oldest first on every node. */
  members(): readonly PresenceMember[] {
    return Array.from(this.#users.values(), ({ shown }) => shown)
      .sort((one, other) => one.sinceMs - other.sinceMs)
      .map(({ member }) => member);
  }

  /** The connections of one user on this node. */
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

  #open(presence: Presence): { user: User; arrived: boolean } {
    const key = String(presence.member.userId);
    const known = this.#users.get(key);
    if (known) {
      known.cancelLeave?.();
      known.cancelLeave = undefined;
      return { user: known, arrived: false };
    }
    const user: User = {
      connections: new Map(),
      remote: undefined,
      shown: presence,
      ...serialise(presence.member),
    };
    this.#users.set(key, user);
    return { user, arrived: true };
  }

  /** Something of the user has gone: another presence is shown, or the user leaves. */
  #settle(key: string, user: User, delayMs: number, announce: (member: PresenceMember) => void): void {
    if (user.connections.size > 0 || (user.remote?.size ?? 0) > 0) {
      showOldest(user);
      return;
    }
    const finish = (): void => {
      this.#users.delete(key);
      announce(user.shown.member);
    };
    if (delayMs > 0) user.cancelLeave = this.#scheduler.schedule(delayMs, finish);
    else finish();
  }
}

function showOldest(user: User): void {
  const oldest = findOldest(user);
  if (oldest === undefined || oldest === user.shown) return;
  user.shown = oldest;
  Object.assign(user, serialise(oldest.member));
}

function findOldest({ connections, remote }: User): Presence | undefined {
  let [oldest] = connections.values();
  for (const presence of remote?.values() ?? []) {
    if (oldest === undefined || isOlder(presence, oldest)) oldest = presence;
  }
  return oldest;
}

/** Of two that joined in the same millisecond on different nodes, all nodes have to pick the same: by content, then. */
function isOlder(one: Presence, other: Presence): boolean {
  if (one.sinceMs !== other.sinceMs) return one.sinceMs < other.sinceMs;
  return JSON.stringify(one.member) < JSON.stringify(other.member);
}

/** Absent info becomes `null`: without its key in the hash, pusher-js would show fewer members than `count`. */
function serialise({ userId, userInfo }: PresenceMember): { idJson: string; infoJson: string } {
  return {
    idJson: JSON.stringify(userId),
    infoJson: userInfo === undefined ? "null" : JSON.stringify(userInfo),
  };
}
