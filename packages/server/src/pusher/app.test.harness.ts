/**
 * An app with ordinary settings for the tests of this folder and of `channels/`; each test overrides what it is about.
 */
import type { App } from "../apps/app.ts";

/** Settings of a test app that differ from the ordinary ones, one group at a time. */
export interface AppOverrides extends Partial<Omit<App, "connection" | "channels" | "events" | "rates">> {
  readonly connection?: Partial<App["connection"]>;
  readonly channels?: Partial<App["channels"]>;
  readonly events?: Partial<App["events"]>;
  readonly rates?: Partial<App["rates"]>;
}

/** Key and secret are those of the signature examples in the Pusher documentation. */
export function testApp(overrides: AppOverrides = {}): App {
  return {
    id: "3",
    key: "278d425bdf160c739803",
    secret: "7ad3773142a6692b25b8",
    enabled: true,
    profile: "pusher",
    webhooks: [],
    ...overrides,
    connection: {
      allowedOrigins: ["*"],
      requireOrigin: false,
      requireTls: false,
      strictProtocol: false,
      maxConnections: -1,
      maxUnauthenticatedConnections: 1000,
      activityTimeoutSeconds: 120,
      pingIntervalMs: 30_000,
      pongTimeoutMs: 30_000,
      maxMessageBytes: 16_384,
      maxBufferedBytes: 1_048_576,
      maxProtocolErrorsPerMinute: 10,
      requireUserAuthentication: false,
      userAuthenticationTimeoutMs: 30_000,
      closeOnSigninFailure: true,
      ...overrides.connection,
    },
    channels: {
      maxNameLength: 200,
      maxPerConnection: 1000,
      maxPresenceMembers: 100,
      maxPresenceMemberBytes: 2048,
      maxUserIdLength: 128,
      subscriptionCount: false,
      watchlist: false,
      maxWatchlist: 100,
      presenceLeaveDelayMs: 0,
      cacheTtlSeconds: 1800,
      cacheMaxEntries: 1000,
      cacheMaxBytes: 1_048_576,
      authErrorEvent: false,
      debugAuth: false,
      ...overrides.channels,
    },
    events: {
      maxNameLength: 200,
      maxDataBytes: 10_240,
      maxChannelsPerEvent: 100,
      maxBatchItems: 10,
      allowReservedNames: false,
      clientEvents: "members",
      clientEventData: "string",
      authTimestampToleranceSeconds: 600,
      ...overrides.events,
    },
    rates: {
      maxClientEventsPerSecond: 10,
      maxBackendEventsPerSecond: -1,
      maxReadRequestsPerSecond: -1,
      terminateOnLimit: false,
      ...overrides.rates,
    },
  };
}
