/**
 * What happened in a channel → the event that a webhook tells about it, as JSON text, and whether a webhook wants it.
 * Events are serialised once, when they are queued.
 */
import type { ResponseProfile, WebhookSettings } from "../apps/app.ts";
import type { ChannelOccurrence } from "../channels/channel-hub.ts";
import { userOfChannel } from "../pusher/channel-name.ts";

/** Whether a webhook is for this channel at all. Channels of single users are nobody's business. */
export function isForChannel(settings: Pick<WebhookSettings, "filter">, channel: string): boolean {
  const { channelNameStartsWith = "", channelNameEndsWith = "" } = settings.filter ?? {};
  return (
    channel.startsWith(channelNameStartsWith) &&
    channel.endsWith(channelNameEndsWith) &&
    userOfChannel(channel) === undefined
  );
}

/** The JSON object of one event. Ids of users are strings here, whatever they are elsewhere. */
export function formatWebhookEvent(occurrence: ChannelOccurrence, profile: ResponseProfile): string {
  const { name, channel } = occurrence;
  switch (occurrence.name) {
    case "member_added":
    case "member_removed":
      return JSON.stringify({ name, channel, user_id: occurrence.userId });
    case "client_event": {
      const { event, data, socketId, userId } = occurrence;
      return JSON.stringify({
        name,
        channel,
        event,
        data: profile === "soketi" ? data : toText(data),
        socket_id: socketId,
        user_id: userId,
      });
    }
    case "subscription_count":
      return JSON.stringify({ name, channel, subscription_count: occurrence.subscriptionCount });
    default:
      return JSON.stringify({ name, channel });
  }
}

/** Receivers decode, or decrypt, data as a string; what a client sent without data counts as an empty object. */
function toText(data: unknown): string {
  return typeof data === "string" ? data : (JSON.stringify(data) ?? "{}");
}

/** The body of a request with these events, put together at this time. */
export function formatWebhookBody(events: readonly { readonly json: string }[], timeMs: number): string {
  return `{"time_ms":${timeMs},"events":[${events.map(({ json }) => json).join(",")}]}`;
}
