/**
 * The signed-in users of one app: which connections each has, who watches whom, and what the other nodes are told and tell
 * of it.
 */
import type { StateChange } from "../cluster/state-change.ts";
import type { Scheduler } from "../pusher/scheduler.ts";
import type { HubConnection } from "./hub-connection.ts";
import { UserIndex } from "./user-index.ts";
import { Watchlist } from "./watchlist.ts";

export interface SignedInUsersOptions {
  /** Whether the app tells users of each other. */
  readonly isWatching: () => boolean;
  /** Left out where there are no other nodes. */
  readonly announce: ((change: StateChange) => void) | undefined;
  readonly scheduler: Scheduler;
}

export class SignedInUsers {
  readonly #options: SignedInUsersOptions;
  readonly #index = new UserIndex();
  readonly #watchlist: Watchlist;

  constructor(options: SignedInUsersOptions) {
    this.#options = options;
    this.#watchlist = new Watchlist((userId) => this.#index.has(userId), options.scheduler);
  }

  /** Takes note that a user signed in on the connection; watches the users of the list. */
  signIn(connection: HubConnection, userId: string, watchlist: readonly string[]): void {
    const first = this.#index.add(userId, connection);
    this.#tell(userId);
    if (!this.#options.isWatching()) return;
    this.#watchlist.watch(connection, watchlist);
    if (first && this.#index.has(userId)) this.#watchlist.userArrived(userId, connection);
  }

  /** The connection is gone. */
  leave(connection: HubConnection): void {
    this.#watchlist.unwatch(connection);
    const { userId } = connection;
    if (userId === undefined) return;
    if (this.#index.delete(userId, connection)) this.#watchlist.userLeft(userId);
    this.#tell(userId);
  }

  /** Another node has so many connections of the user now. */
  setRemote(nodeId: string, userId: string, count: number): void {
    const effect = this.#index.setRemote(nodeId, userId, count);
    if (!this.#options.isWatching()) return;
    if (effect === "arrived") this.#watchlist.userArrived(userId);
    if (effect === "left") this.#watchlist.userLeft(userId);
  }

  /** Sends to the user's connections on this node, but not to the one with the excluded socket id. */
  deliver(userId: string, text: string, exceptSocketId: string | undefined): void {
    for (const connection of this.#index.connectionsOf(userId)) {
      if (connection.socketId !== exceptSocketId) connection.transport.send(text);
    }
  }

  /** The user's connections on this node at this moment; the set changes as they come and go. */
  connectionsOf(userId: string): ReadonlySet<HubConnection> {
    return this.#index.connectionsOf(userId);
  }

  /** The user's connections on all nodes. */
  countOf(userId: string): number {
    return this.#index.countOf(userId);
  }

  /** The other nodes on which the user is signed in. */
  nodesOf(userId: string): Iterable<string> {
    return this.#index.nodesOf(userId).keys();
  }

  /** Those of this node, for the others. */
  *describe(): Iterable<StateChange> {
    for (const [userId, { size }] of this.#index.heldHere()) yield { type: "user", userId, count: size };
  }

  #tell(userId: string): void {
    this.#options.announce?.({ type: "user", userId, count: this.#index.connectionsOf(userId).size });
  }
}
