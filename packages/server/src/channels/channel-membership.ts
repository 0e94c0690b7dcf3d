/**
 * Joining and leaving channels, here and on other nodes, with everything that others and the joiner are told about it, in
 * the order the protocol promises. Synchronous throughout: no event of a channel can slip between a join and its answer. A
 * transport may close other connections while it sends, so state is complete before anything is sent.
 */
import type { App } from "../apps/app.ts";
import type { StateChange } from "../cluster/state-change.ts";
import {
  formatCacheMiss,
  formatChannelEvent,
  formatMemberAdded,
  formatMemberRemoved,
  formatSubscriptionCount,
  formatSubscriptionSucceeded,
} from "../pusher/outgoing-events.ts";
import type { Now, Scheduler } from "../pusher/scheduler.ts";
import { CacheMissFilter } from "./cache-miss.ts";
import type { CachedEvents } from "./cached-event.ts";
import type { ChannelOccurrence, PresenceMember } from "./channel-hub.ts";
import type { Channel, ChannelRegistry } from "./channel-registry.ts";
import type { HubConnection } from "./hub-connection.ts";
import type { Presence } from "./presence.ts";
import { SubscriptionCounts } from "./subscription-count.ts";

/** What membership works with; all of one app. */
export interface MembershipContext {
  readonly registry: ChannelRegistry;
  readonly cachedEvents: CachedEvents;
  /** The app's settings as they are now. */
  readonly settings: () => App["channels"];
  readonly raise: (occurrence: ChannelOccurrence) => void;
  /** Tells the other nodes how something on this node is now; left out where there are none. */
  readonly announce: ((change: StateChange) => void) | undefined;
  readonly now: Now;
  readonly scheduler: Scheduler;
}

export class ChannelMembership {
  readonly #context: MembershipContext;
  readonly #misses: CacheMissFilter;
  readonly #counts: SubscriptionCounts;

  constructor(context: MembershipContext) {
    this.#context = context;
    this.#misses = new CacheMissFilter(context.now);
    this.#counts = new SubscriptionCounts(
      (channel) => this.#announceCount(channel),
      context.now,
      context.scheduler,
    );
  }

  /**
   * Puts a connection into a channel it is not in yet, and answers it: `subscription_succeeded`, then the cached event.
   * Answers `false` and changes nothing if the user is new to a presence channel that is full.
   */
  join(connection: HubConnection, name: string, member?: PresenceMember): boolean {
    const { registry, raise, settings } = this.#context;
    if (member && this.#isFull(registry.find(name), member)) return false;
    const channel = registry.open(name);
    channel.subscriptionCount++;
    channel.localCount++;
    const occupied = channel.subscriptionCount === 1;
    connection.subscriptions.set(name, member === undefined ? { channel } : { channel, member });
    this.#tellCount(name);
    const arrived = member !== undefined && this.#enter(connection, channel, member);
    if (occupied) raise({ name: "channel_occupied", channel: name });
    // Before the joiner is in the fan-out, so that it does not hear of itself.
    if (arrived) this.#announceArrival(channel, member);
    if (!isIn(connection, channel)) return true;
    channel.fanOut.add(connection.transport);
    this.greet(connection, channel);
    if (channel.type.cached && isIn(connection, channel)) this.#sendCachedEvent(connection, channel);
    if (settings().subscriptionCount && !channel.type.presence && isIn(connection, channel)) {
      this.#counts.changed(channel);
    }
    return true;
  }

  /** Sends `subscription_succeeded`, on presence channels with the members as they are now. */
  greet(connection: HubConnection, channel: Channel): void {
    connection.transport.send(formatSubscriptionSucceeded(channel.name, channel.roster?.formatSnapshot()));
  }

  /** Takes a connection out of a channel; does nothing if it is not in it. Nothing of the channel reaches it any more. */
  leave(connection: HubConnection, name: string): void {
    const subscription = connection.subscriptions.get(name);
    if (subscription === undefined) return;
    const { channel, member } = subscription;
    connection.subscriptions.delete(name);
    channel.fanOut.delete(connection.transport);
    channel.subscriptionCount--;
    channel.localCount--;
    if (member) this.#exit(connection, channel, member);
    // Last of all, so that elsewhere nobody is left in a channel that is gone.
    this.#tellCount(name);
    this.#countChanged(channel);
  }

  /** Another node has so many connections in the channel now. */
  setRemoteCount(nodeId: string, name: string, count: number): void {
    const channel = count > 0 ? this.#context.registry.open(name) : this.#context.registry.find(name);
    const before = channel?.remoteCounts?.get(nodeId) ?? 0;
    if (channel === undefined || count === before) return;
    const occupied = channel.subscriptionCount === 0;
    channel.remoteCounts ??= new Map();
    if (count > 0) channel.remoteCounts.set(nodeId, count);
    else channel.remoteCounts.delete(nodeId);
    channel.subscriptionCount += count - before;
    if (occupied) this.#context.raise({ name: "channel_occupied", channel: name });
    this.#countChanged(channel);
  }

  /** Another node has a user in a presence channel, in which it has told to have connections. */
  enterRemote(nodeId: string, name: string, presence: Presence): void {
    const channel = this.#context.registry.find(name);
    if (channel?.roster?.joinRemote(nodeId, presence)) this.#announceArrival(channel, presence.member);
  }

  /** Another node has the user no longer. */
  exitRemote(nodeId: string, name: string, userId: string): void {
    const channel = this.#context.registry.find(name);
    if (channel === undefined) return;
    const { presenceLeaveDelayMs } = this.#context.settings();
    channel.roster?.leaveRemote(nodeId, userId, presenceLeaveDelayMs, (left) =>
      this.#announceLeave(channel, left),
    );
  }

  /** Whether a miss is one to be told of. */
  admitCacheMiss(name: string): boolean {
    return this.#misses.admit(name);
  }

  /** Something was published to a cache channel: its next miss is a new one. */
  rearmCacheMiss(name: string): void {
    this.#misses.rearm(name);
  }

  #isFull(channel: Channel | undefined, member: PresenceMember): boolean {
    const roster = channel?.roster;
    const size = roster?.size ?? 0;
    return size >= this.#context.settings().maxPresenceMembers && !roster?.has(String(member.userId));
  }

  #sendCachedEvent(connection: HubConnection, { name }: Channel): void {
    const event = this.#context.cachedEvents.find(name);
    if (event) {
      connection.transport.send(formatChannelEvent(event.name, name, event.data));
      return;
    }
    connection.transport.send(formatCacheMiss(name));
    if (this.#misses.admit(name)) this.#context.raise({ name: "cache_miss", channel: name });
  }

  /** Adds the connection to the members, and tells the other nodes if the user is new on this one. */
  #enter(connection: HubConnection, { name, roster }: Channel, member: PresenceMember): boolean {
    if (roster === undefined) return false;
    const { announce, now } = this.#context;
    const arrived = roster.join(connection, member, now());
    if (announce) {
      const held = roster.heldHere(String(member.userId));
      if (held?.member === member) announce(describePresence(name, held));
    }
    return arrived;
  }

  /** Takes the connection from the members, and tells the other nodes what that changes of the user here. */
  #exit(connection: HubConnection, channel: Channel, member: PresenceMember): void {
    const { name, roster } = channel;
    if (roster === undefined) return;
    const { announce, settings } = this.#context;
    const userId = String(member.userId);
    if (announce && roster.heldHere(userId)?.member === member) {
      const next = roster.heldHere(userId, connection);
      announce(next ? describePresence(name, next) : { type: "member-left", channel: name, userId });
    }
    const { presenceLeaveDelayMs } = settings();
    roster.leave(connection, member, presenceLeaveDelayMs, (left) => this.#announceLeave(channel, left));
  }

  /** Tells the other nodes how many connections of this one are in the channel. */
  #tellCount(channel: string): void {
    const { announce, registry } = this.#context;
    // Asked of the registry, since the channel may be another one by now, if sending closed connections.
    announce?.({ type: "subscriptions", channel, count: registry.find(channel)?.localCount ?? 0 });
  }

  /** The number of subscriptions is another one; with the last, the channel goes. */
  #countChanged(channel: Channel): void {
    const { registry, settings, raise } = this.#context;
    if (settings().subscriptionCount && !channel.type.presence) this.#counts.changed(channel);
    if (channel.subscriptionCount > 0 || !registry.delete(channel)) return;
    this.#counts.forget(channel);
    channel.roster?.finishLeaves((left) => this.#announceLeave(channel, left));
    raise({ name: "channel_vacated", channel: channel.name });
  }

  #announceArrival({ name, localCount, fanOut }: Channel, { userId, userInfo }: PresenceMember): void {
    this.#context.raise({ name: "member_added", channel: name, userId: String(userId) });
    if (localCount > 0) fanOut.publish(formatMemberAdded(name, userId, userInfo));
  }

  #announceLeave(channel: Channel, { userId }: PresenceMember): void {
    if (channel.localCount > 0) channel.fanOut.publish(formatMemberRemoved(channel.name, userId));
    this.#context.raise({ name: "member_removed", channel: channel.name, userId: String(userId) });
  }

  #announceCount(channel: Channel): void {
    const { name, subscriptionCount, localCount } = channel;
    if (localCount > 0) channel.fanOut.publish(formatSubscriptionCount(name, subscriptionCount));
    this.#context.raise({ name: "subscription_count", channel: name, subscriptionCount });
  }
}

/** Whether the connection is still there after something was sent, which may have closed it. */
function isIn(connection: HubConnection, channel: Channel): boolean {
  return connection.subscriptions.get(channel.name)?.channel === channel;
}

/** A presence on this node as the other nodes are told of it. */
export function describePresence(channel: string, { member, sinceMs }: Presence): StateChange {
  return { type: "member", channel, ...member, sinceMs };
}
