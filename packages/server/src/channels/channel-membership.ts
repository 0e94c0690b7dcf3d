/**
 * Joining and leaving channels, with everything that others and the joiner are told about it, in the order the protocol
 * promises. Synchronous throughout: no event of a channel can slip between a join and its answer. A transport may close
 * other connections while it sends, so state is complete before anything is sent.
 */
import type { App } from "../apps/app.ts";
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
import { SubscriptionCounts } from "./subscription-count.ts";

/** What membership works with; all of one app. */
export interface MembershipContext {
  readonly registry: ChannelRegistry;
  readonly cachedEvents: CachedEvents;
  /** The app's settings as they are now. */
  readonly settings: () => App["channels"];
  readonly raise: (occurrence: ChannelOccurrence) => void;
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
    const occupied = channel.subscriptionCount === 1;
    connection.subscriptions.set(name, member === undefined ? { channel } : { channel, member });
    const arrived = member !== undefined && channel.roster?.join(connection, member) === true;
    if (occupied) raise({ name: "channel_occupied", channel: name });
    if (arrived) {
      raise({ name: "member_added", channel: name, userId: String(member.userId) });
      // Before the joiner is in the fan-out, so that it does not hear of itself.
      channel.fanOut.publish(formatMemberAdded(name, member.userId, member.userInfo));
    }
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
    const announceLeave = (left: PresenceMember): void => this.#announceLeave(channel, left);
    if (member) {
      channel.roster?.leave(connection, member, this.#context.settings().presenceLeaveDelayMs, announceLeave);
    }
    if (this.#context.settings().subscriptionCount && !channel.type.presence) this.#counts.changed(channel);
    if (channel.subscriptionCount > 0 || !this.#context.registry.delete(channel)) return;
    this.#counts.forget(channel);
    channel.roster?.finishLeaves(announceLeave);
    this.#context.raise({ name: "channel_vacated", channel: name });
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

  #announceLeave(channel: Channel, { userId }: PresenceMember): void {
    if (channel.subscriptionCount > 0) channel.fanOut.publish(formatMemberRemoved(channel.name, userId));
    this.#context.raise({ name: "member_removed", channel: channel.name, userId: String(userId) });
  }

  #announceCount(channel: Channel): void {
    const { name, subscriptionCount } = channel;
    if (subscriptionCount > 0) channel.fanOut.publish(formatSubscriptionCount(name, subscriptionCount));
    this.#context.raise({ name: "subscription_count", channel: name, subscriptionCount });
  }
}

/** Whether the connection is still there after something was sent, which may have closed it. */
function isIn(connection: HubConnection, channel: Channel): boolean {
  return connection.subscriptions.get(channel.name)?.channel === channel;
}
