/**
 * One connection as the hub sees it. The Pusher session is one; the hub asks nothing else of it.
 */
import type { Failure } from "@antiphon/websocket";
import type { PresenceMember, Subscriber } from "./channel-hub.ts";
import type { Channel } from "./channel-registry.ts";

export interface HubConnection {
  readonly socketId: string;
  readonly transport: Subscriber;
  /** The user who has signed in on it. */
  readonly userId: string | undefined;
  /** False while the app still waits for a signin, or for a private or presence channel. */
  readonly authorised: boolean;
  /** By channel name. Kept by the hub; the session only reads it. */
  readonly subscriptions: Map<string, Subscription>;
  /** Tells the client why and closes with the failure's close code. It has left the hub when this returns. */
  end(failure: Failure): void;
}

/** That a connection is in a channel, and who it is there. */
export interface Subscription {
  readonly channel: Channel;
  /** Who joined; on presence channels only. */
  readonly member?: PresenceMember;
}
