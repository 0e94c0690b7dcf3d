/**
 * The contract between an app's channels and whoever changes or reads them: Pusher sessions, the HTTP API, the cluster.
 * One hub serves one app on one node.
 */

/** Where a session's frames go. The engine's connection satisfies it; tests use a recorder. */
export interface Subscriber {
  /** Queues one text message. Never throws; a closed or slow connection is its own business. */
  send(text: string): void;
  /** Starts the closing handshake. */
  close(code: number, reason: string): void;
}

/** Fan-out to many subscribers of one channel: encode once, one write per subscriber and turn of the event loop. */
export interface FanOut<S extends Subscriber = Subscriber> {
  add(subscriber: S): void;
  delete(subscriber: S): void;
  /** Queues one text message for all, but not for `except`. Keeps order against each subscriber's own messages. */
  publish(text: string, except?: S): void;
}

/** An event from the HTTP API or from another node. `data` is passed through byte for byte. */
export interface PublishedEvent {
  readonly name: string;
  readonly channel: string;
  readonly data: string;
  /** Not delivered to the connection with this socket id, wherever it lives. */
  readonly exceptSocketId?: string;
}

/** Figures of one channel. */
export interface ChannelInfo {
  readonly occupied: boolean;
  /** Connections. */
  readonly subscriptionCount: number;
  /** Distinct users; only of presence channels. */
  readonly userCount?: number;
}

export interface PresenceMember {
  /** As the backend sent it: a number stays a number. */
  readonly userId: string | number;
  readonly userInfo: unknown;
}

/** What the HTTP API asks of an app. Validation of input is the caller's. */
export interface ChannelHub {
  publish(event: PublishedEvent): void;
  channel(name: string): Promise<ChannelInfo> | ChannelInfo;
  /** Occupied channels, without `#server-to-user-` ones. */
  channels(prefix?: string): Promise<ReadonlyMap<string, ChannelInfo>> | ReadonlyMap<string, ChannelInfo>;
  /** Distinct members of a presence channel, oldest first. */
  members(channel: string): Promise<readonly PresenceMember[]> | readonly PresenceMember[];
  /** Last event of a cache channel with its time left. */
  cachedEvent(
    channel: string,
  ):
    | Promise<{ data: string; ttlSeconds: number } | undefined>
    | { data: string; ttlSeconds: number }
    | undefined;
  /** Closes every connection signed in as the user with 4009. */
  terminateUser(userId: string): void;
  connectionCount(): Promise<number> | number;
}

/** What happened in an app's channels, for webhooks and metrics. Raised once over the cluster. */
export type ChannelOccurrence =
  | { readonly name: "channel_occupied" | "channel_vacated"; readonly channel: string }
  | { readonly name: "cache_miss"; readonly channel: string }
  | { readonly name: "member_added" | "member_removed"; readonly channel: string; readonly userId: string }
  | {
      readonly name: "client_event";
      readonly channel: string;
      readonly event: string;
      /** As the client sent it. */
      readonly data: unknown;
      readonly socketId: string;
      readonly userId?: string;
    }
  | { readonly name: "subscription_count"; readonly channel: string; readonly subscriptionCount: number };
