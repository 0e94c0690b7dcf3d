/**
 * What one other node holds of one app, as it has told: changes in, the same state as changes out, to hand it on or to
 * take it back. Kept by the replica for every node and app.
 */
import type { StateChange } from "./state-change.ts";

type MemberChange = Extract<StateChange, { type: "member" }>;
type ConnectionsChange = Extract<StateChange, { type: "connections" }>;

interface HeldChannel {
  count: number;
  /** By user id as text; made when first needed. */
  members: Map<string, MemberChange> | undefined;
}

export class NodeState {
  readonly #channels = new Map<string, HeldChannel>();
  readonly #users = new Map<string, number>();
  #connections: ConnectionsChange | undefined;

  /**
   * Takes note of a change; answers `false` for a member of a channel that the node has not told to be in: what was told before
   * is missing, and comes again with the member. Cached events belong to no node and are not kept here.
   */
  apply(change: StateChange): boolean {
    switch (change.type) {
      case "subscriptions":
        this.#setCount(change.channel, change.count);
        break;
      case "member": {
        const channel = this.#channels.get(change.channel);
        if (channel === undefined) return false;
        channel.members ??= new Map();
        channel.members.set(String(change.userId), change);
        break;
      }
      case "member-left":
        this.#channels.get(change.channel)?.members?.delete(change.userId);
        break;
      case "user":
        if (change.count > 0) this.#users.set(change.userId, change.count);
        else this.#users.delete(change.userId);
        break;
      case "connections":
        this.#connections = change;
        break;
      default:
    }
    return true;
  }

  /** The changes that take away the members of one channel. */
  *describeLeaving(channel: string): Iterable<StateChange> {
    for (const userId of this.#channels.get(channel)?.members?.keys() ?? []) {
      yield { type: "member-left", channel, userId };
    }
  }

  /** All of it, as changes from nothing. */
  *describe(): Iterable<StateChange> {
    if (this.#connections) yield this.#connections;
    for (const [channel, { count, members }] of this.#channels) {
      yield { type: "subscriptions", channel, count };
      if (members) yield* members.values();
    }
    for (const [userId, count] of this.#users) yield { type: "user", userId, count };
  }

  /** The changes that take all of it away: members before the channel they are in. */
  *describeRemoval(): Iterable<StateChange> {
    for (const [channel, { members }] of this.#channels) {
      for (const userId of members?.keys() ?? []) yield { type: "member-left", channel, userId };
      yield { type: "subscriptions", channel, count: 0 };
    }
    for (const userId of this.#users.keys()) yield { type: "user", userId, count: 0 };
    if (this.#connections) yield { type: "connections", authorised: 0, unauthorised: 0 };
  }

  /** Whether a change of {@link describeRemoval} would take away what is held here. */
  wouldLose(removal: StateChange): boolean {
    switch (removal.type) {
      case "subscriptions":
        return this.#channels.has(removal.channel);
      case "member-left":
        return this.#channels.get(removal.channel)?.members?.has(removal.userId) ?? false;
      case "user":
        return this.#users.has(removal.userId);
      case "connections":
        return this.#connections !== undefined;
      default:
        return false;
    }
  }

  #setCount(name: string, count: number): void {
    if (count === 0) {
      this.#channels.delete(name);
      return;
    }
    const known = this.#channels.get(name);
    if (known) known.count = count;
    else this.#channels.set(name, { count, members: undefined });
  }
}
