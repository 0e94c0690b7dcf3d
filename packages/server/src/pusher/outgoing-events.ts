/**
 * Exact wire strings of everything the server sends to a client. The type of `data` is what clients trip over: a JSON
 * text inside a JSON string everywhere but in `pusher:error`, where it is an object (Swift drops any other form). Keys
 * stand in the order event, channel, data, user_id. Called once per event, never once per subscriber.
 */
import type { ResponseProfile } from "../apps/app.ts";

/** Needs no answer, carries nothing. */
export const pongEvent = '{"event":"pusher:pong","data":"{}"}';

/** The greeting: the first message of every connection that is let in. */
export function formatConnectionEstablished(socketId: string, activityTimeoutSeconds: number): string {
  return formatEvent(
    "pusher:connection_established",
    JSON.stringify({ socket_id: socketId, activity_timeout: activityTimeoutSeconds }),
  );
}

/**
 * `pusher:error`. A `null` code only tells; 40xx–42xx announce the close that follows; 43xx refuse one event. In the
 * profile `reverb` data is a string and no channel is named, as Reverb's clients and tests expect.
 */
export function formatError(
  profile: ResponseProfile,
  code: number | null,
  message: string,
  channel?: string,
): string {
  const data = JSON.stringify({ code, message });
  if (profile === "reverb") return formatEvent("pusher:error", data);
  const named = channel === undefined ? "" : `"channel":${JSON.stringify(channel)},`;
  return `{"event":"pusher:error",${named}"data":${data}}`;
}

/** Answer to a subscription; `presence` is the JSON text made by `PresenceRoster.formatSnapshot`. */
export function formatSubscriptionSucceeded(channel: string, presence?: string): string {
  return formatChannelEvent("pusher_internal:subscription_succeeded", channel, presence ?? "{}");
}

/** What kind of refusal a `pusher:subscription_error` reports. */
export type SubscriptionErrorType = "AuthError" | "InvalidChannel" | "LimitReached";

export function formatSubscriptionError(
  channel: string,
  type: SubscriptionErrorType,
  error: string,
  status: number,
): string {
  return formatChannelEvent("pusher:subscription_error", channel, JSON.stringify({ type, error, status }));
}

export function formatSubscriptionCount(channel: string, count: number): string {
  return formatChannelEvent("pusher_internal:subscription_count", channel, `{"subscription_count":${count}}`);
}

/** `userInfo` is left out when `undefined`. A numeric id stays a number. */
export function formatMemberAdded(channel: string, userId: string | number, userInfo: unknown): string {
  const data = JSON.stringify({ user_id: userId, user_info: userInfo });
  return formatChannelEvent("pusher_internal:member_added", channel, data);
}

export function formatMemberRemoved(channel: string, userId: string | number): string {
  return formatChannelEvent("pusher_internal:member_removed", channel, JSON.stringify({ user_id: userId }));
}

export function formatCacheMiss(channel: string): string {
  return formatChannelEvent("pusher:cache_miss", channel, "{}");
}

/** Gives back the exact `user_data` that was received: the client parses that text itself. */
export function formatSigninSuccess(userData: string): string {
  return formatEvent("pusher:signin_success", JSON.stringify({ user_data: userData }));
}

/** Who of the watched users is online or offline; an empty list leaves its entry out. */
export function formatWatchlistEvents(online: readonly string[], offline: readonly string[]): string {
  const events: { name: string; user_ids: readonly string[] }[] = [];
  if (online.length > 0) events.push({ name: "online", user_ids: online });
  if (offline.length > 0) events.push({ name: "offline", user_ids: offline });
  return formatEvent("pusher_internal:watchlist_events", JSON.stringify({ events }));
}

/** A published event: `data` is the publisher's string, passed through byte for byte. */
export function formatChannelEvent(event: string, channel: string, data: string): string {
  return `{"event":${JSON.stringify(event)},"channel":${JSON.stringify(channel)},"data":${JSON.stringify(data)}}`;
}

/** A client event. `dataJson` is the JSON of the data member itself: a JSON string unless the app relays raw values. */
export function formatClientEvent(event: string, channel: string, dataJson: string, userId?: string): string {
  const user = userId === undefined ? "" : `,"user_id":${JSON.stringify(userId)}`;
  return `{"event":${JSON.stringify(event)},"channel":${JSON.stringify(channel)},"data":${dataJson}${user}}`;
}

function formatEvent(event: string, data: string): string {
  return `{"event":"${event}","data":${JSON.stringify(data)}}`;
}
