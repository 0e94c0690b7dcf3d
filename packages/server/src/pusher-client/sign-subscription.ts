/** What an app's backend would answer to a client that wants to subscribe: the signature, and who joins a presence channel. */
import { channelTypeOf } from "../pusher/channel-name.ts";
import { signText } from "../pusher/digest.ts";
import { channelSigningText } from "../pusher/signing-text.ts";
import type { AppCredentials } from "./pusher-target.ts";

/** Who joins. */
export interface Member {
  readonly userId: string;
  /** JSON. */
  readonly userInfo?: unknown;
}

/** The data of `pusher:subscribe`. */
export interface SubscriptionRequest {
  readonly channel: string;
  readonly auth?: string;
  readonly channel_data?: string;
}

/** Signs where the channel's type asks for it. */
export function signSubscription(
  app: AppCredentials,
  socketId: string,
  channel: string,
  member: Member,
): SubscriptionRequest {
  const type = channelTypeOf(channel);
  if (!type.signed) return { channel };
  const data = type.presence
    ? JSON.stringify({
        user_id: member.userId,
        ...(member.userInfo !== undefined && { user_info: member.userInfo }),
      })
    : undefined;
  const auth = `${app.key}:${signText(app.secret, channelSigningText(socketId, channel, data))}`;
  return { channel, auth, ...(data !== undefined && { channel_data: data }) };
}
