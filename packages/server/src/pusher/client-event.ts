/**
 * Events that clients send to each other: one message in, delivery to the channel or a refusal with 4301 out.
 */
import type { Failure } from "@antiphon/websocket";
import { type ClientEventFailureName, clientEventFailures } from "../failures/client-event-failures.ts";
import { channelTypeOf } from "./channel-name.ts";
import type { InboundMessage } from "./envelope.ts";
import { excerpt } from "./excerpt.ts";
import { pusherCodes } from "./pusher-codes.ts";
import type { SessionContext } from "./session-context.ts";

/** What every client event's name starts with. */
export const clientEventPrefix = "client-";

type ClientEventFailure = Failure<ClientEventFailureName>;

/** Handles one message whose event name starts with `client-`. */
export function sendClientEvent(session: SessionContext, message: InboundMessage): void {
  const failure = findNameFailure(session, message.event) ?? deliver(session, message);
  if (failure) refuse(session, failure, message.channel);
}

function findNameFailure({ app }: SessionContext, event: string): ClientEventFailure | undefined {
  if (app.events.clientEvents === "none") {
    return clientEventFailures.create("client-event-disabled", { appId: app.id });
  }
  const limit = app.events.maxNameLength;
  if (event.length <= limit) return undefined;
  return clientEventFailures.create("client-event-name-too-long", { length: event.length, limit });
}

function deliver(
  session: SessionContext,
  { event, channel, data }: InboundMessage,
): ClientEventFailure | undefined {
  const { app, hub } = session;
  if (typeof channel !== "string" || channel === "") {
    return clientEventFailures.create("client-event-channel-missing");
  }
  if (!channelTypeOf(channel).clientEvents) {
    return clientEventFailures.create("client-event-channel-not-allowed", { channel: excerpt(channel) });
  }
  const subscription = session.subscriptions.get(channel);
  if (subscription === undefined) {
    return clientEventFailures.create("client-event-not-subscribed", {
      channel: excerpt(channel, app.channels.maxNameLength),
    });
  }
  // Before the size: whoever floods is not worth the serialising.
  if (!session.admitClientEvent()) {
    const limit = app.rates.maxClientEventsPerSecond;
    return clientEventFailures.create("client-event-rate-exceeded", { limit });
  }
  const value = data === undefined ? {} : data;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const bytes = Buffer.byteLength(text);
  if (bytes > app.events.maxDataBytes) {
    return clientEventFailures.create("client-event-too-large", { bytes, limit: app.events.maxDataBytes });
  }
  const raw = app.events.clientEventData === "raw" && typeof value !== "string";
  hub.publishClientEvent(session, subscription, {
    name: event,
    data: value,
    dataJson: raw ? text : JSON.stringify(text),
  });
  return undefined;
}

function refuse(session: SessionContext, failure: ClientEventFailure, channel: unknown): void {
  if (failure.name === "client-event-rate-exceeded" && session.app.rates.terminateOnLimit) {
    session.end(failure, pusherCodes.unauthorised);
    return;
  }
  const subject = typeof channel === "string" ? { channel } : {};
  if (failure.name === "client-event-not-subscribed" && session.app.profile === "reverb") {
    const message = "The client is not a member of the specified channel.";
    session.sendError(pusherCodes.unauthorised, failure, { ...subject, message });
    return;
  }
  session.sendError(pusherCodes.clientEventRefused, failure, subject);
}
