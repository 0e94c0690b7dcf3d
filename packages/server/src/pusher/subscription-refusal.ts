/**
 * How a refused subscription is told to the client: `pusher:subscription_error` with the type and status that peers use,
 * `pusher:error` 4009 where the app's profile or settings ask for it.
 */
import type { Failure } from "@antiphon/websocket";
import type { ResponseProfile } from "../apps/app.ts";
import type { SubscribeFailureName } from "../failures/subscribe-failures.ts";
import { formatSubscriptionError, type SubscriptionErrorType } from "./outgoing-events.ts";
import { pusherCodes } from "./pusher-codes.ts";
import type { SessionContext } from "./session-context.ts";

interface Answer {
  readonly type: SubscriptionErrorType;
  readonly status: number;
}

const authError: Answer = { type: "AuthError", status: 401 };

/** Everything that is not listed is an {@link authError}. */
const otherAnswers: Partial<Record<SubscribeFailureName, Answer>> = {
  "subscribe-channel-name-invalid": { type: "InvalidChannel", status: 400 },
  "subscribe-channel-name-too-long": { type: "InvalidChannel", status: 400 },
  "subscribe-limit-reached": { type: "LimitReached", status: 4100 },
  "subscribe-channel-full": { type: "LimitReached", status: 4100 },
  "subscribe-member-too-large": { type: "LimitReached", status: 4301 },
};

/** Reports the failure and tells the client; the connection stays open. */
export function refuseSubscription(
  session: SessionContext,
  channel: string,
  failure: Failure<SubscribeFailureName>,
): void {
  const { profile, channels } = session.app;
  const { type, status } = answerTo(failure.name, profile);
  const message = clientMessage(failure, channels.debugAuth);
  const refusedAuth = type === "AuthError";
  if (refusedAuth && (profile === "reverb" || channels.authErrorEvent)) {
    session.sendError(pusherCodes.unauthorised, failure, { channel, message });
  } else {
    session.report(failure, channel);
  }
  if (refusedAuth && profile === "reverb") return;
  session.send(formatSubscriptionError(channel, type, message, status));
}

function answerTo(name: SubscribeFailureName, profile: ResponseProfile): Answer {
  if (profile === "soketi" && name === "subscribe-channel-name-too-long")
    return { type: "LimitReached", status: 4009 };
  return otherAnswers[name] ?? authError;
}

function clientMessage({ message, evidence }: Failure, debugAuth: boolean): string {
  const signedText = evidence["signedText"];
  return debugAuth && signedText !== undefined
    ? `${message} The server signed ${JSON.stringify(signedText)}.`
    : message;
}
