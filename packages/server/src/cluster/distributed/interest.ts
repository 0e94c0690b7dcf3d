/**
 * The topics that this node wants, for the channels and users that somebody on it is in or signed in as: what it announces in,
 * subscriptions out. Cache channels need none: what is published to them goes to all nodes.
 */
import { channelTypeOf } from "../../pusher/channel-name.ts";
import type { StateChange } from "../state-change.ts";
import type { ClusterTransport } from "./cluster-transport.ts";
import { channelTopic, interestOf } from "./topics.ts";

export class Interest {
  readonly #transport: Pick<ClusterTransport, "subscribe" | "unsubscribe">;
  readonly #wanted = new Set<string>();

  constructor(transport: Pick<ClusterTransport, "subscribe" | "unsubscribe">) {
    this.#transport = transport;
  }

  /** Subscribes with the first and unsubscribes with the last, at once. */
  follow(appId: string, change: StateChange): void {
    const interest = interestOf(change);
    if (interest === undefined) return;
    const { channel, wanted } = interest;
    const key = `${appId} ${channel}`;
    if (wanted === this.#wanted.has(key) || channelTypeOf(channel).cached) return;
    if (wanted) {
      this.#wanted.add(key);
      this.#transport.subscribe(channelTopic(appId, channel));
    } else {
      this.#wanted.delete(key);
      this.#transport.unsubscribe(channelTopic(appId, channel));
    }
  }
}
