/**
 * JSON texts of successful answers, in the habits of the server that the app's clients were written for. Everything a
 * profile changes about an answer is here, but for the status of refused fields, which is in `refusal.ts`.
 */
import type { ResponseProfile } from "../apps/app.ts";
import type { ChannelInfo, PresenceMember } from "../channels/channel-hub.ts";
import { channelTypeOf } from "../pusher/channel-name.ts";
import { type ChannelAttributes, type InfoAttribute, selectCounts } from "./info-attributes.ts";

/** What a done command is answered with, where there is nothing to tell. */
export function formatDone(profile: ResponseProfile): string {
  return profile === "soketi" ? '{"ok":true}' : "{}";
}

/** A batch that was published and asked for no attributes. */
export function formatBatchDone(profile: ResponseProfile): string {
  return profile === "reverb" ? '{"batch":{}}' : formatDone(profile);
}

/** The attributes of each channel that an event went to. */
export function formatPublished(channels: ReadonlyMap<string, ChannelAttributes>): string {
  return JSON.stringify({ channels: Object.fromEntries(channels) });
}

/** The attributes of each item's channel, in the order of the batch. */
export function formatBatchPublished(items: readonly ChannelAttributes[]): string {
  return JSON.stringify({ batch: items });
}

/** The list of occupied channels. */
export function formatChannels(
  profile: ResponseProfile,
  channels: ReadonlyMap<string, ChannelInfo>,
  attributes: readonly InfoAttribute[],
): string {
  const extra: readonly InfoAttribute[] = profile === "soketi" ? ["subscription_count"] : [];
  const entries: [string, object][] = [];
  for (const [name, info] of channels) {
    const counts = selectCounts(name, info, [...attributes, ...extra]);
    entries.push([name, profile === "soketi" ? { ...counts, occupied: info.occupied } : counts]);
  }
  // fromEntries defines properties, so that even a channel named __proto__ is listed.
  return JSON.stringify({ channels: Object.fromEntries(entries) });
}

/** One channel. `cache` is left out unless it was asked for; `null` says that nothing is cached. */
export function formatChannel(
  profile: ResponseProfile,
  name: string,
  info: ChannelInfo,
  attributes: readonly InfoAttribute[],
  cache?: { readonly data: string; readonly ttl: number } | null,
): string {
  const always: readonly InfoAttribute[] = profile === "soketi" ? ["user_count", "subscription_count"] : [];
  return JSON.stringify({
    occupied: info.occupied,
    ...selectCounts(name, info, [...attributes, ...always]),
    ...(cache === undefined ? {} : { cache }),
  });
}

/** Figures of one channel, as the deprecated `stats` route gives them: all there are. */
export function formatChannelStats(name: string, info: ChannelInfo): string {
  const users = channelTypeOf(name).presence ? { user_count: info.userCount ?? 0 } : {};
  return JSON.stringify({
    occupied: info.occupied,
    ...users,
    subscription_count: info.subscriptionCount,
  });
}

/** The members of a presence channel. Hosted Pusher makes every id a string. */
export function formatUsers(
  profile: ResponseProfile,
  members: readonly PresenceMember[],
  withUserInfo: boolean,
): string {
  const users = members.map(({ userId, userInfo }) => ({
    id: profile === "pusher" ? String(userId) : userId,
    ...(withUserInfo ? { user_info: userInfo ?? null } : {}),
  }));
  return JSON.stringify({ users });
}
