/**
 * Why a subscription was refused. Messages are safe for the client; the exact string that was signed is in the evidence,
 * for the operator's log. Raised by `pusher/subscribe.ts`, `pusher/channel-member.ts` and `pusher/signature.ts`.
 */
import { defineFailure, defineFailures } from "@antiphon/websocket";

const subscribe = {
  phase: "subscribe",
  certainty: "proved",
  severity: "warning",
  retry: "after-change",
} as const;
const naming = { ...subscribe, faults: ["client"], spec: "Pusher protocol, channel names" } as const;
const auth = { ...subscribe, faults: ["application"], spec: "Pusher protocol, channel signatures" } as const;
const presence = {
  ...subscribe,
  faults: ["application"],
  spec: "Pusher protocol, presence channels",
} as const;

const definitions = {
  "subscribe-channel-missing": defineFailure({
    ...naming,
    explain: () => "pusher:subscribe names no channel.",
    fix: 'Send data with a non-empty string "channel".',
  }),
  "subscribe-channel-name-invalid": defineFailure<{ channel: string; character: string; position: number }>({
    ...naming,
    explain: ({ character, position }) =>
      `The channel name has the character ${JSON.stringify(character)} at position ${position}, which is not allowed.`,
    fix: "Use only letters, digits and _ - = @ , . ; in channel names.",
  }),
  "subscribe-channel-name-too-long": defineFailure<{ length: number; limit: number }>({
    ...naming,
    explain: ({ length, limit }) => `The channel name has ${length} characters; ${limit} are allowed.`,
    fix: "Shorten the name, or raise the app's channels.maxNameLength.",
  }),
  "subscribe-limit-reached": defineFailure<{ limit: number }>({
    ...subscribe,
    faults: ["client", "operator"],
    spec: "limit channels.maxPerConnection",
    explain: ({ limit }) => `This connection is already in ${limit} channels, as many as are allowed.`,
    fix: "Unsubscribe from channels that are no longer shown, or raise the app's channels.maxPerConnection.",
  }),
  "subscribe-auth-missing": defineFailure<{ channel: string }>({
    ...auth,
    faults: ["client", "application"],
    explain: ({ channel }) => `Missing auth: ${channel} needs a signature and none was sent.`,
    fix: "Give the client an auth endpoint that answers with auth for this channel.",
  }),
  "subscribe-auth-malformed": defineFailure<{ channel: string; problem: string }>({
    ...auth,
    explain: ({ problem }) => `Malformed auth: ${problem}.`,
    fix: "Answer with KEY:SIGNATURE, where SIGNATURE is the HMAC-SHA256 as 64 hex digits.",
  }),
  "subscribe-key-mismatch": defineFailure<{ channel: string; key: string }>({
    ...auth,
    faults: ["application", "operator"],
    explain: ({ key }) => `Key mismatch: auth was made with the key "${key}", which is not this app's.`,
    fix: "Give the backend that signs the key and secret of the app that the client connects to.",
  }),
  "subscribe-signature-mismatch": defineFailure<{
    channel: string;
    cause: string;
    reason: string;
    signedText: string;
  }>({
    ...auth,
    faults: ["application", "operator"],
    explain: ({ reason }) => `Invalid signature: ${reason}.`,
    fix: "Compare the string that the backend signs with signedText in the server's log, and its secret with the app's.",
  }),
  "subscribe-channel-data-too-long": defineFailure<{ channel: string; length: number; limit: number }>({
    ...presence,
    explain: ({ length, limit }) => `channel_data has ${length} bytes; ${limit} are allowed.`,
    fix: "Put less into user_info, or raise the app's channels.maxPresenceMemberBytes.",
  }),
  "subscribe-channel-data-missing": defineFailure<{ channel: string }>({
    ...presence,
    explain: ({ channel }) =>
      `Missing channel_data: ${channel} must know who joins, and the connection has not signed in.`,
    fix: 'Let the auth endpoint answer with channel_data holding {"user_id":…}, or sign in first.',
  }),
  "subscribe-channel-data-invalid": defineFailure<{ channel: string; problem: string }>({
    ...presence,
    explain: ({ problem }) => `Invalid channel_data: ${problem}.`,
    fix: 'channel_data must be the JSON text of one object, {"user_id":…,"user_info":…}, encoded once.',
  }),
  "subscribe-user-id-too-long": defineFailure<{ channel: string; length: number; limit: number }>({
    ...presence,
    explain: ({ length, limit }) => `user_id has ${length} characters; ${limit} are allowed.`,
    fix: "Use a shorter id.",
  }),
  "subscribe-member-too-large": defineFailure<{ channel: string; bytes: number; limit: number }>({
    ...presence,
    explain: ({ bytes, limit }) => `The member has ${bytes} bytes; ${limit} are allowed.`,
    fix: "Put less into user_info, or raise the app's channels.maxPresenceMemberBytes.",
  }),
  "subscribe-channel-full": defineFailure<{ channel: string; limit: number }>({
    ...presence,
    faults: ["operator"],
    retry: "backoff",
    explain: ({ limit }) => `The presence channel is full: it has its ${limit} allowed members.`,
    fix: "Raise the app's channels.maxPresenceMembers, or use a private channel for large audiences.",
  }),
  "subscribe-user-mismatch": defineFailure<{ channel: string; signedIn: boolean }>({
    ...subscribe,
    faults: ["client"],
    spec: "Pusher protocol, server to user messages",
    explain: ({ signedIn }) =>
      signedIn
        ? "This connection is signed in as another user than the channel names."
        : "The connection must sign in before it may listen to its user's channel.",
    fix: "Call signin() first, and subscribe only to #server-to-user- plus the id of the signed-in user.",
  }),
};

export const subscribeFailures = defineFailures(definitions);

export type SubscribeFailureName = keyof typeof subscribeFailures.definitions;
