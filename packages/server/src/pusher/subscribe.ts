/**
 * `pusher:subscribe` and `pusher:unsubscribe`: data of the message in, a join or a refusal out. The signature is checked
 * before any limit of the channel, or strangers could probe how full a room is.
 */
import type { Failure } from "@antiphon/websocket";
import type { PresenceMember } from "../channels/channel-hub.ts";
import { admissionFailures } from "../failures/admission-failures.ts";
import { type SubscribeFailureName, subscribeFailures } from "../failures/subscribe-failures.ts";
import { type JsonObject, jsonTypeOf } from "./bounded-json.ts";
import { readMember } from "./channel-member.ts";
import { channelTypeOf, findChannelNameProblem, userOfChannel } from "./channel-name.ts";
import { formatSubscriptionSucceeded } from "./outgoing-events.ts";
import type { SessionContext } from "./session-context.ts";
import { findChannelAuthProblem } from "./signature.ts";
import { refuseSubscription } from "./subscription-refusal.ts";

type SubscribeFailure = Failure<SubscribeFailureName>;

/** `channel_data` may be longer than the member it holds by this: other keys are signed but not used. */
const channelDataSlackBytes = 1024;

/** Handles one `pusher:subscribe`. */
export function subscribe(session: SessionContext, data: JsonObject): void {
  const channel = data["channel"];
  if (typeof channel !== "string" || channel === "") {
    session.refuseMessage(subscribeFailures.create("subscribe-channel-missing"));
    return;
  }
  if (session.draining) {
    session.end(admissionFailures.create("node-draining"));
    return;
  }
  const known = session.subscriptions.get(channel);
  if (known) {
    session.hub.greet(session, known);
    return;
  }
  const failure =
    findNameFailure(session, channel) ?? findRoomFailure(session) ?? join(session, channel, data);
  if (failure) refuseSubscription(session, channel, failure);
}

/** Handles one `pusher:unsubscribe`. Channels that were never joined are ignored: Echo leaves four at a time. */
export function unsubscribe(session: SessionContext, data: JsonObject): void {
  const channel = data["channel"];
  if (typeof channel === "string") session.hub.leave(session, channel);
}

function findNameFailure(session: SessionContext, channel: string): SubscribeFailure | undefined {
  const problem = findChannelNameProblem(channel, session.app.channels.maxNameLength);
  if (problem?.kind === "too-long") {
    const { length, limit } = problem;
    return subscribeFailures.create("subscribe-channel-name-too-long", { length, limit });
  }
  if (problem?.kind === "character") {
    const { character, position } = problem;
    return subscribeFailures.create("subscribe-channel-name-invalid", { channel, character, position });
  }
  return undefined;
}

function findRoomFailure(session: SessionContext): SubscribeFailure | undefined {
  const limit = session.app.channels.maxPerConnection;
  if (session.subscriptions.size < limit) return undefined;
  return subscribeFailures.create("subscribe-limit-reached", { limit });
}

function join(session: SessionContext, channel: string, data: JsonObject): SubscribeFailure | undefined {
  const userId = userOfChannel(channel);
  if (userId !== undefined) return joinOwnUserChannel(session, channel, userId);
  const type = channelTypeOf(channel);
  if (!type.signed) {
    session.hub.join(session, channel);
    return undefined;
  }
  const channelData = data["channel_data"] || undefined;
  const failure =
    findDataFailure(session, channel, channelData) ??
    findAuthFailure(session, channel, data["auth"], type.presence, channelData);
  if (failure) return failure;
  if (!type.presence) return joinSigned(session, channel);
  const read = readMember(channel, toText(channelData), session.user, session.app.channels);
  return read.ok ? joinSigned(session, channel, read.member) : read.failure;
}

/** Events for a user reach every connection on which the user signed in, so that there is nothing to join. */
function joinOwnUserChannel(
  session: SessionContext,
  channel: string,
  userId: string,
): SubscribeFailure | undefined {
  if (session.user?.id !== userId) {
    return subscribeFailures.create("subscribe-user-mismatch", {
      channel,
      signedIn: session.user !== undefined,
    });
  }
  session.send(formatSubscriptionSucceeded(channel));
  return undefined;
}

function joinSigned(
  session: SessionContext,
  channel: string,
  member?: PresenceMember,
): SubscribeFailure | undefined {
  // The signature was right, which is proof enough, whether or not the room has a place.
  if (!session.authorise() || session.hub.join(session, channel, member)) return undefined;
  const limit = session.app.channels.maxPresenceMembers;
  return subscribeFailures.create("subscribe-channel-full", { channel, limit });
}

function findDataFailure(
  session: SessionContext,
  channel: string,
  channelData: unknown,
): SubscribeFailure | undefined {
  if (channelData === undefined) return undefined;
  if (typeof channelData !== "string") {
    const problem = `it arrived as ${jsonTypeOf(channelData)}, not as JSON text`;
    return subscribeFailures.create("subscribe-channel-data-invalid", { channel, problem });
  }
  const length = Buffer.byteLength(channelData);
  const limit = session.app.channels.maxPresenceMemberBytes + channelDataSlackBytes;
  if (length <= limit) return undefined;
  return subscribeFailures.create("subscribe-channel-data-too-long", { channel, length, limit });
}

function findAuthFailure(
  session: SessionContext,
  channel: string,
  auth: unknown,
  presence: boolean,
  channelData: unknown,
): SubscribeFailure | undefined {
  const text = toText(channelData);
  const request = { auth, socketId: session.socketId, channel, presence };
  const problem = findChannelAuthProblem(
    session.app,
    text === undefined ? request : { ...request, channelData: text },
    () => session.mayDiagnose(),
  );
  if (problem === undefined) return undefined;
  switch (problem.kind) {
    case "missing":
      return subscribeFailures.create("subscribe-auth-missing", { channel });
    case "malformed":
      return subscribeFailures.create("subscribe-auth-malformed", { channel, problem: problem.problem });
    case "key-mismatch":
      return subscribeFailures.create("subscribe-key-mismatch", { channel, key: problem.key });
    default: {
      const { cause, reason, signedText } = problem;
      return subscribeFailures.create("subscribe-signature-mismatch", { channel, cause, reason, signedText });
    }
  }
}

function toText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
