/**
 * One app (tenant): its identity, its secrets and every setting that rules its clients, its publishers and its
 * webhooks. Found by key on the WebSocket side and by id on the HTTP side.
 */

/** Which peer's habits the app's answers follow where Pusher-compatible servers disagree. */
export type ResponseProfile = "pusher" | "soketi" | "reverb";

/** Who may send client events: `none`, or any connection subscribed to the private or presence channel. */
export type ClientEventPolicy = "none" | "members";

export interface App {
  /** Public in URLs of the HTTP API; digits by convention. */
  readonly id: string;
  /** Public; names the app in WebSocket URLs and in every signature. */
  readonly key: string;
  /** Signs. Never logged, never sent. */
  readonly secret: string;
  /** Also accepted while a secret is being rotated. */
  readonly previousSecret?: string;
  readonly enabled: boolean;
  readonly profile: ResponseProfile;
  readonly connection: ConnectionSettings;
  readonly channels: ChannelSettings;
  readonly events: EventSettings;
  readonly rates: RateSettings;
  readonly webhooks: readonly WebhookSettings[];
}

export interface ConnectionSettings {
  /** Patterns with `://` match scheme, host and port; others match the host, or host:port if they hold a colon. */
  readonly allowedOrigins: readonly string[];
  readonly requireOrigin: boolean;
  readonly requireTls: boolean;
  /** Refuse clients that name no protocol version (4008) instead of assuming 7. */
  readonly strictProtocol: boolean;
  /** Concurrent connections; -1 is unlimited. Where signing in is required, only those that did count. */
  readonly maxConnections: number;
  /** Concurrent connections that still have to sign in, where that is required; -1 is unlimited. */
  readonly maxUnauthenticatedConnections: number;
  /** Told to clients in `pusher:connection_established`; whole seconds, at least 1. */
  readonly activityTimeoutSeconds: number;
  /** Silence after which the server pings on the WebSocket level. */
  readonly pingIntervalMs: number;
  /** Wait for any sign of life after that ping; then 4201. */
  readonly pongTimeoutMs: number;
  readonly maxMessageBytes: number;
  /** Outgoing bytes waiting for one client; above it the client is too slow and closed with 4100. */
  readonly maxBufferedBytes: number;
  /** Malformed messages in a minute; above it the connection is closed with 4009. */
  readonly maxProtocolErrorsPerMinute: number;
  /** Connections must sign in, or subscribe to a private or presence channel, in time. */
  readonly requireUserAuthentication: boolean;
  readonly userAuthenticationTimeoutMs: number;
  /** Close with 4009 when a signin is refused; otherwise only report it. */
  readonly closeOnSigninFailure: boolean;
}

export interface ChannelSettings {
  /** In characters. */
  readonly maxNameLength: number;
  readonly maxPerConnection: number;
  /** Distinct users in one presence channel. */
  readonly maxPresenceMembers: number;
  readonly maxPresenceMemberBytes: number;
  readonly maxUserIdLength: number;
  /** Send `pusher_internal:subscription_count` to clients and webhooks. */
  readonly subscriptionCount: boolean;
  readonly watchlist: boolean;
  readonly maxWatchlist: number;
  /** Client-visible delay of `member_removed`, so that a reload shows no leave. */
  readonly presenceLeaveDelayMs: number;
  readonly cacheTtlSeconds: number;
  readonly cacheMaxEntries: number;
  readonly cacheMaxBytes: number;
  /** Also send `pusher:error` 4009 when a channel signature is refused. */
  readonly authErrorEvent: boolean;
  /** Put the string that the server signed into the client's subscription error. Off in production. */
  readonly debugAuth: boolean;
}

export interface EventSettings {
  readonly maxNameLength: number;
  readonly maxDataBytes: number;
  readonly maxChannelsPerEvent: number;
  readonly maxBatchItems: number;
  readonly allowReservedNames: boolean;
  readonly clientEvents: ClientEventPolicy;
  /** `string` delivers client event data as a JSON string, as Pusher does; `raw` as the value that was sent. */
  readonly clientEventData: "string" | "raw";
  /** Allowed clock difference of a signed request; 0 switches the check off. */
  readonly authTimestampToleranceSeconds: number;
}

/** Per second; -1 is unlimited. */
export interface RateSettings {
  readonly maxClientEventsPerSecond: number;
  /** A publish costs its number of channels. */
  readonly maxBackendEventsPerSecond: number;
  readonly maxReadRequestsPerSecond: number;
  /** All inbound messages of one connection. */
  readonly messages?: { readonly max: number; readonly windowSeconds: number };
  /** Close with 4009 instead of only refusing with 4301. */
  readonly terminateOnLimit: boolean;
}

export type WebhookEventName =
  | "channel_occupied"
  | "channel_vacated"
  | "member_added"
  | "member_removed"
  | "client_event"
  | "cache_miss"
  | "subscription_count";

export interface WebhookSettings {
  readonly url: string;
  readonly eventTypes: readonly WebhookEventName[];
  readonly headers: Readonly<Record<string, string>>;
  readonly filter?: { readonly channelNameStartsWith?: string; readonly channelNameEndsWith?: string };
  /** Wait before `channel_vacated` and `member_removed`, cancelled by a return. */
  readonly debounceMs: number;
}
