/**
 * Settings of one app. The shape is exactly that of `App`, so a parsed section is an app. Where peers differ, the
 * default of their profile stands beside the setting.
 */

import { z } from "zod";
import { choice, countOrUnlimited, flag, integer, optionalText, requiredText } from "../setting.ts";

const connectionSection = z
  .strictObject({
    allowedOrigins: z.array(z.string().min(1)).default(["*"]).meta({
      description: "Origins that browsers may connect from: host patterns, or scheme://host:port.",
    }),
    requireOrigin: flag(false, { description: "Refuse clients that send no Origin header." }),
    requireTls: flag(false, { description: "Refuse clients without TLS." }),
    strictProtocol: flag(false, {
      description: "Refuse clients that name no protocol version instead of assuming 7.",
    }),
    maxConnections: countOrUnlimited(-1, {
      description:
        "Concurrent connections of the app; with requireUserAuthentication only authorised ones count.",
    }),
    maxUnauthenticatedConnections: countOrUnlimited(1000, {
      description:
        "Connections that requireUserAuthentication still waits for; more are told to come back (4100).",
    }),
    activityTimeoutSeconds: integer(120, 1, {
      description: "Silence after which clients ping, as told to them on connecting.",
      profileDefaults: { soketi: 30, reverb: 30 },
    }),
    pingIntervalMs: integer(30_000, 100, { description: "Silence after which the server pings a client." }),
    pongTimeoutMs: integer(30_000, 100, {
      description: "Wait for a sign of life after that ping, then close with 4201.",
    }),
    maxMessageBytes: integer(16_384, 1024, {
      description:
        "One inbound WebSocket message; grows by itself to what a client event of full size needs.",
    }),
    maxBufferedBytes: integer(1_048_576, 1024, {
      description: "Outgoing bytes that wait for one client; above it the client is closed with 4100.",
    }),
    maxProtocolErrorsPerMinute: integer(10, 0, {
      description: "Malformed messages; above it the client is closed with 4009.",
    }),
    requireUserAuthentication: flag(false, {
      description: "Close connections that neither sign in nor join a private or presence channel in time.",
    }),
    userAuthenticationTimeoutMs: integer(30_000, 100, { description: "The time for that." }),
    closeOnSigninFailure: flag(true, {
      description: "Close with 4009 when a signin is refused, not only report it.",
    }),
  })
  .prefault({});

const channelsSection = z
  .strictObject({
    maxNameLength: integer(200, 1, { description: "Characters of a channel name." }, 10_000),
    maxPerConnection: integer(1000, 1, { description: "Channels of one connection." }),
    maxPresenceMembers: integer(100, 1, { description: "Distinct users in one presence channel." }),
    maxPresenceMemberBytes: integer(2048, 1, { description: "Data of one presence member." }),
    maxUserIdLength: integer(128, 1, { description: "Characters of a user id." }, 10_000),
    subscriptionCount: flag(false, {
      description: "Tell clients and webhooks how many subscribers a channel has.",
    }),
    watchlist: flag(false, { description: "Tell users when the users on their watchlist come and go." }),
    maxWatchlist: integer(100, 0, { description: "Users on one watchlist." }),
    presenceLeaveDelayMs: integer(0, 0, {
      description: "Delay of member_removed to clients, so that a page reload shows no leave.",
    }),
    cacheTtlSeconds: integer(1800, 1, {
      description: "Life of the last event of a cache channel.",
      profileDefaults: { soketi: 3600 },
    }),
    cacheMaxEntries: integer(10_000, 0, { description: "Cached events of the app." }),
    cacheMaxBytes: integer(33_554_432, 0, { description: "Bytes of cached events of the app." }),
    authErrorEvent: flag(false, {
      description: "Also send pusher:error 4009 when a channel signature is refused.",
      profileDefaults: { reverb: true },
    }),
    debugAuth: flag(false, {
      description:
        "Put the string that the server signed into the client's subscription error. Not for production.",
    }),
  })
  .prefault({});

const eventsSection = z
  .strictObject({
    maxNameLength: integer(200, 1, { description: "Characters of an event name." }, 10_000),
    maxDataBytes: integer(10_240, 1, {
      description: "UTF-8 bytes of the data of one event.",
      profileDefaults: { soketi: 102_400 },
    }),
    maxChannelsPerEvent: integer(100, 1, { description: "Channels of one published event." }),
    maxBatchItems: integer(10, 1, { description: "Events of one batch." }, 10_000),
    allowReservedNames: flag(false, {
      description: "Let backends publish event names that start with pusher:.",
    }),
    clientEvents: choice(["none", "members"], "none", {
      description: "Who may send client events: nobody, or subscribers of the private or presence channel.",
      profileDefaults: { reverb: "members" },
    }),
    clientEventData: choice(["string", "raw"], "string", {
      description:
        "Deliver client event data as a JSON string, as Pusher does, or as the value that was sent.",
      profileDefaults: { soketi: "raw", reverb: "raw" },
    }),
    authTimestampToleranceSeconds: integer(600, 0, {
      description: "Clock difference allowed to signed HTTP requests; 0 switches the check off.",
    }),
  })
  .prefault({});

const ratesSection = z
  .strictObject({
    maxClientEventsPerSecond: countOrUnlimited(10, {
      description: "Client events of one connection in a second.",
      profileDefaults: { soketi: -1, reverb: -1 },
    }),
    maxBackendEventsPerSecond: countOrUnlimited(-1, {
      description: "Published events of the app in a second, counted once per channel.",
    }),
    maxReadRequestsPerSecond: countOrUnlimited(-1, {
      description: "HTTP GET requests of the app in a second.",
    }),
    messages: z
      .strictObject({
        max: integer(60, 1, { description: "Inbound messages of one connection in the window." }),
        windowSeconds: integer(60, 1, { description: "Length of the window." }),
      })
      .exactOptional(),
    terminateOnLimit: flag(false, {
      description: "Close with 4009 at a rate limit instead of only refusing.",
    }),
  })
  .prefault({});

const webhookSection = z.strictObject({
  url: z
    .url({ protocol: /^https?$/, error: "an http or https URL" })
    .meta({ description: "Where events are posted to." }),
  eventTypes: z
    .array(
      z.enum([
        "channel_occupied",
        "channel_vacated",
        "member_added",
        "member_removed",
        "client_event",
        "cache_miss",
        "subscription_count",
      ]),
    )
    .min(1)
    .meta({ description: "Events that are posted." }),
  headers: z.record(z.string(), z.string()).default({}).meta({
    description: "Header fields added to the request.",
    writeOnly: true,
  }),
  filter: z
    .strictObject({
      channelNameStartsWith: optionalText({ description: "Only channels whose name starts so." }),
      channelNameEndsWith: optionalText({ description: "Only channels whose name ends so." }),
    })
    .exactOptional(),
  debounceMs: integer(3000, 0, {
    description: "Wait before channel_vacated and member_removed, cancelled by a return.",
    profileDefaults: { soketi: 0 },
  }),
});

export const appSection = z.strictObject({
  id: requiredText({
    description: "Names the app in the HTTP API; digits by convention, some SDKs insist on them.",
  }),
  key: requiredText({ description: "Names the app in WebSocket URLs and signatures; public." }),
  secret: requiredText({ description: "Signs requests, channels and webhooks.", writeOnly: true }),
  previousSecret: optionalText({ description: "Also accepted while a secret is rotated.", writeOnly: true }),
  enabled: flag(true, { description: "Serve the app at all." }),
  profile: choice(["pusher", "soketi", "reverb"], "pusher", {
    description: "Whose habits answers and defaults follow where Pusher-compatible servers disagree.",
  }),
  connection: connectionSection,
  channels: channelsSection,
  events: eventsSection,
  rates: ratesSection,
  webhooks: z
    .array(webhookSection)
    .default([])
    .meta({ description: "Where events of the app are posted to." }),
});
