/**
 * One connection that subscribes to channels and tells everything that happens on them, until it ends or is stopped. Called by
 * `antiphon subscribe`.
 */
import {
  type CloseReport,
  connect,
  type Failure,
  FailureError,
  type WebSocketClient,
} from "@antiphon/websocket";
import { findEndFailure } from "@antiphon/websocket/inspect";
import { channelTypeOf } from "../pusher/channel-name.ts";
import { PresenceList } from "./presence-list.ts";
import type { PusherTarget } from "./pusher-target.ts";
import { findSubscriptionRefusal, readGreeting, readServerEvent, type ServerEvent } from "./server-event.ts";
import { type Member, signSubscription } from "./sign-subscription.ts";

/** What is told, in the order in which it happens. */
export interface LiveEvents {
  connected(socketId: string): void;
  /** `members` for presence channels only. */
  subscribed(channel: string, members: readonly string[] | undefined): void;
  refused(channel: string, failure: Failure): void;
  joined(channel: string, event: ServerEvent, members: readonly string[]): void;
  left(channel: string, event: ServerEvent, members: readonly string[]): void;
  event(event: ServerEvent): void;
}

export interface LiveOptions {
  readonly target: PusherTarget;
  readonly channels: readonly string[];
  readonly member: Member;
  readonly insecure: boolean;
  /** Ends the connection in the regular way. */
  readonly signal: AbortSignal;
}

/** The failure that ended it; `undefined` if it was stopped. */
export async function followChannels(options: LiveOptions, events: LiveEvents): Promise<Failure | undefined> {
  const { target, signal, insecure } = options;
  const session = new LiveSession(options, events);
  let client: WebSocketClient;
  try {
    client = await connect(target.socketUrl, {
      signal,
      handlers: { message: (each, data) => session.take(each, data) },
      ...(insecure && { tls: { rejectUnauthorized: false } }),
    });
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    return error.code === "connect-aborted-by-caller" ? undefined : error.failure;
  }
  const stop = (): void => void client.close(1000);
  signal.addEventListener("abort", stop, { once: true });
  const report = await client.closed;
  signal.removeEventListener("abort", stop);
  return session.failure ?? nameLoss(report, signal);
}

function nameLoss(report: CloseReport, signal: AbortSignal): Failure | undefined {
  return signal.aborted ? undefined : findEndFailure(report);
}

class LiveSession {
  /** Why the server did not let us in. */
  failure: Failure | undefined;
  readonly #options: LiveOptions;
  readonly #events: LiveEvents;
  readonly #presence = new Map<string, PresenceList>();
  #isGreeted = false;

  constructor(options: LiveOptions, events: LiveEvents) {
    this.#options = options;
    this.#events = events;
  }

  take(client: WebSocketClient, data: string | Uint8Array): void {
    if (!this.#isGreeted) {
      this.#begin(client, data);
      return;
    }
    const event = readServerEvent(data);
    if (event?.event === "pusher:ping") client.send('{"event":"pusher:pong","data":{}}');
    else if (event) this.#tell(event);
  }

  #begin(client: WebSocketClient, data: string | Uint8Array): void {
    const { target, channels, member } = this.#options;
    const result = readGreeting(data, target.key);
    if (!result.ok) {
      this.failure = result.failure;
      void client.close(1000);
      return;
    }
    this.#isGreeted = true;
    const { socketId } = result.greeting;
    this.#events.connected(socketId);
    for (const channel of channels) {
      if (channelTypeOf(channel).presence) this.#presence.set(channel, new PresenceList());
      const request = signSubscription(target, socketId, channel, member);
      client.send(JSON.stringify({ event: "pusher:subscribe", data: request }));
    }
  }

  #tell(event: ServerEvent): void {
    const { channel } = event;
    if (channel === undefined) {
      this.#events.event(event);
      return;
    }
    const list = this.#presence.get(channel);
    list?.apply(event);
    const refusal = findSubscriptionRefusal(event, channel);
    if (refusal) this.#events.refused(channel, refusal);
    else if (event.event === "pusher_internal:subscription_succeeded") {
      this.#events.subscribed(channel, list?.members);
    } else if (event.event === "pusher_internal:member_added") {
      this.#events.joined(channel, event, list?.members ?? []);
    } else if (event.event === "pusher_internal:member_removed") {
      this.#events.left(channel, event, list?.members ?? []);
    } else this.#events.event(event);
  }
}
