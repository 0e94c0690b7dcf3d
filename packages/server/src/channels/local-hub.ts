/**
 * All channels and users of one app on one node: sessions join and leave, the HTTP API publishes and reads, webhooks and
 * metrics listen to what happens. Composed of the small parts beside it; everything is synchronous.
 */
import type { App } from "../apps/app.ts";
import { admissionFailures } from "../failures/admission-failures.ts";
import { signinFailures } from "../failures/signin-failures.ts";
import { channelTypeOf, userOfChannel } from "../pusher/channel-name.ts";
import { formatChannelEvent, formatClientEvent } from "../pusher/outgoing-events.ts";
import type { Now, Scheduler } from "../pusher/scheduler.ts";
import { CachedEvents } from "./cached-event.ts";
import type {
  ChannelHub,
  ChannelInfo,
  ChannelOccurrence,
  FanOut,
  PresenceMember,
  PublishedEvent,
} from "./channel-hub.ts";
import { ChannelMembership } from "./channel-membership.ts";
import { type Channel, ChannelRegistry, channelInfoOf } from "./channel-registry.ts";
import type { HubConnection, Subscription } from "./hub-connection.ts";
import { PresenceRoster } from "./presence.ts";
import { UserIndex } from "./user-index.ts";
import { Watchlist } from "./watchlist.ts";

export interface LocalHubOptions {
  readonly app: App;
  /** Makes the fan-out of one channel. */
  readonly createFanOut: () => FanOut;
  readonly now: Now;
  readonly scheduler: Scheduler;
}

/** An event of a client that passed all checks. */
export interface AcceptedClientEvent {
  readonly name: string;
  /** As the client sent it, for webhooks. */
  readonly data: unknown;
  /** JSON of the data as others get it. */
  readonly dataJson: string;
}

export class LocalHub implements ChannelHub {
  readonly #connections = new Map<string, HubConnection>();
  readonly #unauthorised = new Set<HubConnection>();
  readonly #registry: ChannelRegistry;
  readonly #cachedEvents: CachedEvents;
  readonly #membership: ChannelMembership;
  readonly #users = new UserIndex();
  readonly #watchlist: Watchlist;
  readonly #listeners = new Set<(occurrence: ChannelOccurrence) => void>();
  readonly #now: Now;
  #app: App;

  constructor({ app, createFanOut, now, scheduler }: LocalHubOptions) {
    this.#app = app;
    this.#now = now;
    this.#registry = new ChannelRegistry(createFanOut, () => new PresenceRoster(scheduler));
    this.#cachedEvents = new CachedEvents(now);
    this.#membership = new ChannelMembership({
      registry: this.#registry,
      cachedEvents: this.#cachedEvents,
      settings: () => this.#app.channels,
      raise: (occurrence) => this.#raise(occurrence),
      now,
      scheduler,
    });
    this.#watchlist = new Watchlist((userId) => this.#users.has(userId), scheduler);
  }

  /** The app with its settings and secrets as they are now. */
  get app(): App {
    return this.#app;
  }

  /** Takes over changed settings. Disabling the app closes all its connections with 4003. */
  updateApp(app: App): void {
    this.#app = app;
    if (app.enabled) return;
    const failure = admissionFailures.create("app-disabled", { appId: app.id });
    for (const connection of this.#connections.values()) connection.end(failure);
  }

  /** Calls the listener for everything that happens, synchronously, until the answer is called. */
  onOccurrence(listener: (occurrence: ChannelOccurrence) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes a connection in. It counts against the app from here on, or once it is authorised where that is demanded. */
  connect(connection: HubConnection): void {
    this.#connections.set(connection.socketId, connection);
    if (!connection.authorised) this.#unauthorised.add(connection);
  }

  /** The connection has proved that the app's backend knows it. */
  authorise(connection: HubConnection): void {
    this.#unauthorised.delete(connection);
  }

  /** Connections that still have to be authorised. */
  unauthorisedCount(): number {
    return this.#unauthorised.size;
  }

  /** Connections that count against the app's limit. */
  authorisedCount(): number {
    return this.#connections.size - this.#unauthorised.size;
  }

  /** Undoes everything the connection did here, in time that depends on its own channels only. */
  disconnect(connection: HubConnection): void {
    if (!this.#connections.delete(connection.socketId)) return;
    this.#unauthorised.delete(connection);
    for (const channel of connection.subscriptions.keys()) this.#membership.leave(connection, channel);
    this.#watchlist.unwatch(connection);
    const { userId } = connection;
    if (userId !== undefined && this.#users.delete(userId, connection)) this.#watchlist.userLeft(userId);
  }

  /** Whether a connection of this node has the socket id. */
  hasConnection(socketId: string): boolean {
    return this.#connections.has(socketId);
  }

  /** All connections of this node, for draining. */
  connections(): Iterable<HubConnection> {
    return this.#connections.values();
  }

  /** The channels that somebody is in, for metrics. */
  occupiedChannels(): Iterable<Channel> {
    return this.#registry.all();
  }

  /** See {@link ChannelMembership.join}. A connection that has left the hub joins nothing. */
  join(connection: HubConnection, channel: string, member?: PresenceMember): boolean {
    if (!this.hasConnection(connection.socketId)) return true;
    return this.#membership.join(connection, channel, member);
  }

  /** Answers a subscription that exists already. */
  greet(connection: HubConnection, { channel }: Subscription): void {
    this.#membership.greet(connection, channel);
  }

  /** See {@link ChannelMembership.leave}. */
  leave(connection: HubConnection, channel: string): void {
    this.#membership.leave(connection, channel);
  }

  /** Takes note that a user signed in on the connection; watches the users of the list. */
  signIn(connection: HubConnection, userId: string, watchlist: readonly string[]): void {
    if (!this.hasConnection(connection.socketId)) return;
    const first = this.#users.add(userId, connection);
    if (!this.#app.channels.watchlist) return;
    this.#watchlist.watch(connection, watchlist);
    if (first && this.#users.has(userId)) this.#watchlist.userArrived(userId, connection);
  }

  /** Delivers a client's event to everyone in the channel but the sender. */
  publishClientEvent(sender: HubConnection, subscription: Subscription, event: AcceptedClientEvent): void {
    const { channel, member } = subscription;
    const userId = member === undefined ? undefined : String(member.userId);
    channel.fanOut.publish(
      formatClientEvent(event.name, channel.name, event.dataJson, userId),
      sender.transport,
    );
    this.#raise({
      name: "client_event",
      channel: channel.name,
      event: event.name,
      data: event.data,
      socketId: sender.socketId,
      ...(userId !== undefined && { userId }),
    });
  }

  publish({ name, channel, data, exceptSocketId }: PublishedEvent): void {
    const userId = userOfChannel(channel);
    if (userId !== undefined) {
      this.#publishToUser(userId, formatChannelEvent(name, channel, data), exceptSocketId);
      return;
    }
    if (channelTypeOf(channel).cached) {
      this.#cachedEvents.store(channel, name, data, this.#app.channels);
      this.#membership.rearmCacheMiss(channel);
    }
    const occupied = this.#registry.find(channel);
    if (occupied === undefined) return;
    const except =
      exceptSocketId === undefined ? undefined : this.#connections.get(exceptSocketId)?.transport;
    occupied.fanOut.publish(formatChannelEvent(name, channel, data), except);
  }

  channel(name: string): ChannelInfo {
    const userId = userOfChannel(name);
    if (userId === undefined) return channelInfoOf(name, this.#registry.find(name));
    const subscriptionCount = this.#users.connectionsOf(userId).size;
    return { occupied: subscriptionCount > 0, subscriptionCount };
  }

  channels(prefix = ""): ReadonlyMap<string, ChannelInfo> {
    const found = new Map<string, ChannelInfo>();
    for (const channel of this.#registry.all()) {
      if (channel.name.startsWith(prefix)) found.set(channel.name, channelInfoOf(channel.name, channel));
    }
    return found;
  }

  members(channel: string): readonly PresenceMember[] {
    return this.#registry.find(channel)?.roster?.members() ?? [];
  }

  cachedEvent(channel: string): { data: string; ttlSeconds: number } | undefined {
    const event = this.#cachedEvents.find(channel);
    if (event === undefined) return undefined;
    return { data: event.data, ttlSeconds: Math.ceil((event.expiresAtMs - this.#now()) / 1000) };
  }

  terminateUser(userId: string): void {
    const connections = new Set(this.#users.connectionsOf(userId));
    // Reverb knows no signin: there a user is whoever joined a presence channel under the id.
    if (this.#app.profile === "reverb") {
      for (const { roster } of this.#registry.all()) {
        for (const connection of roster?.connectionsOf(userId) ?? []) connections.add(connection);
      }
    }
    const failure = signinFailures.create("signin-user-terminated", { userId });
    for (const connection of connections) connection.end(failure);
  }

  connectionCount(): number {
    return this.#connections.size;
  }

  #publishToUser(userId: string, text: string, exceptSocketId: string | undefined): void {
    for (const connection of this.#users.connectionsOf(userId)) {
      if (connection.socketId !== exceptSocketId) connection.transport.send(text);
    }
  }

  #raise(occurrence: ChannelOccurrence): void {
    for (const listener of this.#listeners) listener(occurrence);
  }
}
