/**
 * All channels and users of one app as one node sees them: its own connections, and a replica of what other nodes have.
 * Sessions join and leave, the HTTP API publishes and reads, other nodes' changes are applied, webhooks and metrics listen
 * to what happens. Composed of the small parts beside it; everything is synchronous and asks nobody else.
 */
import type { App } from "../apps/app.ts";
import type { ClusterAdapter } from "../cluster/cluster-adapter.ts";
import { LocalClusterAdapter } from "../cluster/local-adapter.ts";
import type { StateChange } from "../cluster/state-change.ts";
import { admissionFailures } from "../failures/admission-failures.ts";
import { signinFailures } from "../failures/signin-failures.ts";
import { channelTypeOf, userOfChannel } from "../pusher/channel-name.ts";
import { formatChannelEvent, formatClientEvent } from "../pusher/outgoing-events.ts";
import type { Now, Scheduler } from "../pusher/scheduler.ts";
import { AppConnections } from "./app-connections.ts";
import { CachedEvents } from "./cached-event.ts";
import type {
  ChannelHub,
  ChannelInfo,
  ChannelOccurrence,
  FanOut,
  PresenceMember,
  PublishedEvent,
  Subscriber,
} from "./channel-hub.ts";
import { ChannelMembership, describePresence } from "./channel-membership.ts";
import { type Channel, ChannelRegistry, channelInfoOf } from "./channel-registry.ts";
import type { HubConnection, Subscription } from "./hub-connection.ts";
import { PresenceRoster } from "./presence.ts";
import { SignedInUsers } from "./signed-in-users.ts";

export interface LocalHubOptions {
  readonly app: App;
  /** Makes the fan-out of one channel. */
  readonly createFanOut: () => FanOut;
  readonly now: Now;
  readonly scheduler: Scheduler;
  /** The other nodes; left out, there are none. */
  readonly cluster?: ClusterAdapter;
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
  readonly #connections: AppConnections;
  readonly #registry: ChannelRegistry;
  readonly #cachedEvents: CachedEvents;
  readonly #membership: ChannelMembership;
  readonly #users: SignedInUsers;
  readonly #listeners = new Set<(occurrence: ChannelOccurrence) => void>();
  readonly #now: Now;
  readonly #cluster: ClusterAdapter;
  #app: App;

  constructor(options: LocalHubOptions) {
    const { app, createFanOut, now, scheduler, cluster = new LocalClusterAdapter() } = options;
    this.#app = app;
    this.#now = now;
    this.#cluster = cluster;
    const announce = cluster.isAlone
      ? undefined
      : (change: StateChange): void => cluster.announce(app.id, change);
    this.#connections = new AppConnections(announce);
    this.#registry = new ChannelRegistry(createFanOut, () => new PresenceRoster(scheduler));
    this.#cachedEvents = new CachedEvents(now);
    this.#membership = new ChannelMembership({
      registry: this.#registry,
      cachedEvents: this.#cachedEvents,
      settings: () => this.#app.channels,
      raise: (occurrence) => this.#raise(occurrence),
      announce,
      now,
      scheduler,
    });
    this.#users = new SignedInUsers({ isWatching: () => this.#app.channels.watchlist, announce, scheduler });
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
    for (const connection of this.#connections.all()) connection.end(failure);
  }

  /** Calls the listener for everything that happens, synchronously, until the answer is called. */
  onOccurrence(listener: (occurrence: ChannelOccurrence) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes a connection in. It counts against the app from here on, or once it is authorised where that is demanded. */
  connect(connection: HubConnection): void {
    this.#connections.add(connection);
  }

  /** The connection has proved that the app's backend knows it. */
  authorise(connection: HubConnection): void {
    this.#connections.authorise(connection);
  }

  /** Connections that still have to be authorised, over the cluster. */
  unauthorisedCount(): number {
    return this.#connections.unauthorisedCount;
  }

  /** Connections that count against the app's limit, over the cluster. */
  authorisedCount(): number {
    return this.#connections.authorisedCount;
  }

  /** Undoes everything the connection did here, in time that depends on its own channels only. */
  disconnect(connection: HubConnection): void {
    if (!this.#connections.delete(connection)) return;
    for (const channel of connection.subscriptions.keys()) this.#membership.leave(connection, channel);
    this.#users.leave(connection);
  }

  /** Whether a connection of this node has the socket id. */
  hasConnection(socketId: string): boolean {
    return this.#connections.has(socketId);
  }

  /** All connections of this node, for draining. */
  connections(): Iterable<HubConnection> {
    return this.#connections.all();
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
    this.#users.signIn(connection, userId, watchlist);
  }

  /** Delivers a client's event to everyone in the channel but the sender. */
  publishClientEvent(sender: HubConnection, subscription: Subscription, event: AcceptedClientEvent): void {
    const { channel, member } = subscription;
    const userId = member === undefined ? undefined : String(member.userId);
    const text = formatClientEvent(event.name, channel.name, event.dataJson, userId);
    channel.fanOut.publish(text, sender.transport);
    if (!this.#cluster.isAlone) this.#publishElsewhere(channel.name, text, sender.socketId);
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
    if (channelTypeOf(channel).cached) this.#cache(channel, name, data);
    const userId = userOfChannel(channel);
    const occupied = userId === undefined ? this.#registry.find(channel) : undefined;
    // Elsewhere somebody may be in the channel who came a moment ago, and of whom this node has not heard.
    if (this.#cluster.isAlone && userId === undefined && occupied === undefined) return;
    const text = formatChannelEvent(name, channel, data);
    if (userId !== undefined) this.#users.deliver(userId, text, exceptSocketId);
    else if (occupied) occupied.fanOut.publish(text, this.#transportOf(exceptSocketId));
    if (!this.#cluster.isAlone) this.#publishElsewhere(channel, text, exceptSocketId);
  }

  /** Sends an event, as clients get it, to the connections of this node that are in the channel. */
  deliver(channel: string, text: string, exceptSocketId: string | undefined): void {
    const userId = userOfChannel(channel);
    if (userId !== undefined) this.#users.deliver(userId, text, exceptSocketId);
    else this.#registry.find(channel)?.fanOut.publish(text, this.#transportOf(exceptSocketId));
  }

  channel(name: string): ChannelInfo {
    const userId = userOfChannel(name);
    if (userId === undefined) return channelInfoOf(name, this.#registry.find(name));
    const subscriptionCount = this.#users.countOf(userId);
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

  /**
   * Every occupied channel, each followed by the members of a presence channel, as they are when their turn comes: the walk
   * may take several turns of the event loop.
   */
  *occupants(): Iterable<{ readonly channel: string; readonly userId?: string }> {
    for (const { name, roster } of this.#registry.all()) {
      yield { channel: name };
      for (const userId of roster?.userIds() ?? []) yield { channel: name, userId };
    }
  }

  /** Whether anyone is in the channel, or this user. */
  isPresent({ channel, userId }: { readonly channel: string; readonly userId?: string }): boolean {
    const found = this.#registry.find(channel);
    return userId === undefined ? found !== undefined : (found?.roster?.has(userId) ?? false);
  }

  cachedEvent(channel: string): { data: string; ttlSeconds: number } | undefined {
    const event = this.#cachedEvents.find(channel);
    if (event === undefined) return undefined;
    return { data: event.data, ttlSeconds: Math.ceil((event.expiresAtMs - this.#now()) / 1000) };
  }

  terminateUser(userId: string): void {
    this.#cluster.command({ type: "terminate-user", appId: this.#app.id, userId });
    this.terminateUserHere(userId);
  }

  /** Does so on this node only. */
  terminateUserHere(userId: string): void {
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
    return this.#connections.count;
  }

  /** Connections of this node. */
  localConnectionCount(): number {
    return this.#connections.localCount;
  }

  /** Applies what another node told of itself, with everything that clients of this node are to see of it. */
  applyChange(nodeId: string, change: StateChange): void {
    switch (change.type) {
      case "subscriptions":
        this.#membership.setRemoteCount(nodeId, change.channel, change.count);
        break;
      case "member": {
        const { userId, userInfo, sinceMs } = change;
        this.#membership.enterRemote(nodeId, change.channel, { member: { userId, userInfo }, sinceMs });
        break;
      }
      case "member-left":
        this.#membership.exitRemote(nodeId, change.channel, change.userId);
        break;
      case "user":
        this.#users.setRemote(nodeId, change.userId, change.count);
        break;
      case "connections":
        this.#connections.setRemote(nodeId, change);
        break;
      default:
        if (this.#cachedEvents.adopt(change.channel, change, this.#app.channels)) {
          this.#membership.rearmCacheMiss(change.channel);
        }
    }
  }

  /** Everything that this node owns, as changes from nothing. */
  *describeOwnState(): Iterable<StateChange> {
    yield this.#connections.describe();
    for (const { name, localCount, roster } of this.#registry.all()) {
      if (localCount === 0) continue;
      yield { type: "subscriptions", channel: name, count: localCount };
      for (const presence of roster?.allHeldHere() ?? []) yield describePresence(name, presence);
    }
    yield* this.#users.describe();
  }

  /** The cached events, whoever stored them; only those that were stored within the last `withinMs`, if that is given. */
  *describeCache(withinMs = Number.POSITIVE_INFINITY): Iterable<StateChange> {
    for (const channel of this.#cachedEvents.channelsSince(this.#now() - withinMs)) {
      const event = this.#cachedEvents.tell(channel);
      if (event) yield { type: "cached", channel, ...event };
    }
  }

  /** The other nodes with connections in a channel, or of the user whom it addresses. */
  interestedNodes(channel: string): Iterable<string> {
    const userId = userOfChannel(channel);
    if (userId !== undefined) return this.#users.nodesOf(userId);
    return this.#registry.find(channel)?.remoteCounts?.keys() ?? [];
  }

  /** Whether a miss that another node saw is one to be told of; see {@link CacheMissFilter}. */
  admitCacheMiss(channel: string): boolean {
    return this.#membership.admitCacheMiss(channel);
  }

  #cache(channel: string, name: string, data: string): void {
    const event = this.#cachedEvents.store(channel, name, data, this.#app.channels);
    this.#membership.rearmCacheMiss(channel);
    if (this.#cluster.isAlone) return;
    this.#cluster.announce(this.#app.id, { type: "cached", channel, ...event });
  }

  #transportOf(socketId: string | undefined): Subscriber | undefined {
    return socketId === undefined ? undefined : this.#connections.find(socketId)?.transport;
  }

  #publishElsewhere(channel: string, text: string, exceptSocketId: string | undefined): void {
    this.#cluster.publish({ appId: this.#app.id, channel, text, exceptSocketId });
  }

  #raise(occurrence: ChannelOccurrence): void {
    for (const listener of this.#listeners) listener(occurrence);
  }
}
