/**
 * The channels of one app that somebody is subscribed to, here or on another node. A channel exists from its first
 * subscription to its last; what outlives that (cached events) is kept elsewhere.
 */
import { type ChannelType, channelTypeOf } from "../pusher/channel-name.ts";
import type { ChannelInfo, FanOut } from "./channel-hub.ts";
import type { PresenceRoster } from "./presence.ts";

/** One occupied channel. */
export interface Channel {
  readonly name: string;
  readonly type: ChannelType;
  readonly fanOut: FanOut;
  /** On presence channels only. */
  readonly roster?: PresenceRoster;
  /** Connections in it over the cluster. Kept by the hub, as are the two that it is the sum of. */
  subscriptionCount: number;
  /** Connections of this node. */
  localCount: number;
  /** Connections of other nodes, by node, never 0; made when first needed. */
  remoteCounts: Map<string, number> | undefined;
}

export class ChannelRegistry {
  readonly #channels = new Map<string, Channel>();
  readonly #createFanOut: () => FanOut;
  readonly #createRoster: () => PresenceRoster;

  constructor(createFanOut: () => FanOut, createRoster: () => PresenceRoster) {
    this.#createFanOut = createFanOut;
    this.#createRoster = createRoster;
  }

  /** The channel of this name, if anyone is in it. */
  find(name: string): Channel | undefined {
    return this.#channels.get(name);
  }

  /** The channel of this name, made if nobody is in it yet. */
  open(name: string): Channel {
    const known = this.#channels.get(name);
    if (known) return known;
    const type = channelTypeOf(name);
    const channel: Channel = {
      name,
      type,
      fanOut: this.#createFanOut(),
      ...(type.presence && { roster: this.#createRoster() }),
      subscriptionCount: 0,
      localCount: 0,
      remoteCounts: undefined,
    };
    this.#channels.set(name, channel);
    return channel;
  }

  /** Forgets a channel that nobody is in; answers whether it was still known. */
  delete(channel: Channel): boolean {
    return this.#channels.get(channel.name) === channel && this.#channels.delete(channel.name);
  }

  /** All occupied channels. */
  all(): Iterable<Channel> {
    return this.#channels.values();
  }
}

/** The figures of a channel; of one that does not exist when it is `undefined`. */
export function channelInfoOf(name: string, channel: Channel | undefined): ChannelInfo {
  const subscriptionCount = channel?.subscriptionCount ?? 0;
  const occupied = subscriptionCount > 0;
  if (!channelTypeOf(name).presence) return { occupied, subscriptionCount };
  return { occupied, subscriptionCount, userCount: channel?.roster?.size ?? 0 };
}
