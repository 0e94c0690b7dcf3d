/**
 * Why a signin was refused, and what befalls a user later: a missed deadline, termination. Messages are safe for the
 * client; the string that was signed is in the evidence. Raised by `pusher/signin.ts` and the session.
 */
import { defineFailure, defineFailures } from "@antiphon/websocket";

const signin = {
  phase: "signin",
  certainty: "proved",
  severity: "fatal",
  retry: "after-change",
  faults: ["application"],
  spec: "Pusher protocol, user authentication",
  closeCode: 4009,
} as const;

const definitions = {
  "signin-auth-missing": defineFailure({
    ...signin,
    faults: ["client", "application"],
    explain: () => "Missing auth: pusher:signin needs the strings auth and user_data.",
    fix: "Give the client a user authentication endpoint that answers with auth and user_data.",
  }),
  "signin-auth-malformed": defineFailure<{ problem: string }>({
    ...signin,
    explain: ({ problem }) => `Malformed auth: ${problem}.`,
    fix: "Answer with KEY:SIGNATURE, where SIGNATURE is the HMAC-SHA256 as 64 hex digits.",
  }),
  "signin-key-mismatch": defineFailure<{ key: string }>({
    ...signin,
    faults: ["application", "operator"],
    explain: ({ key }) => `Key mismatch: auth was made with the key "${key}", which is not this app's.`,
    fix: "Give the backend that signs the key and secret of the app that the client connects to.",
  }),
  "signin-signature-mismatch": defineFailure<{ cause: string; reason: string; signedText: string }>({
    ...signin,
    faults: ["application", "operator"],
    explain: ({ reason }) => `Invalid signature: ${reason}.`,
    fix: "Compare the string that the backend signs with signedText in the server's log, and its secret with the app's.",
  }),
  "signin-user-data-invalid": defineFailure<{ problem: string }>({
    ...signin,
    explain: ({ problem }) => `Invalid user_data: ${problem}.`,
    fix: 'user_data must be the JSON text of one object with a non-empty string "id", encoded once.',
  }),
  "signin-user-changed": defineFailure<{ signedInAs: string; requested: string }>({
    ...signin,
    severity: "warning",
    faults: ["client"],
    explain: () => "This connection is already signed in as another user.",
    fix: "Disconnect and connect again to change the user.",
  }),
  "signin-deadline-missed": defineFailure<{ timeoutMs: number }>({
    ...signin,
    faults: ["client"],
    explain: ({ timeoutMs }) =>
      `The connection neither signed in nor joined a private or presence channel within ${timeoutMs / 1000} s.`,
    fix: "Sign in right after connecting, or switch the app's requireUserAuthentication off.",
  }),
  "signin-watchlist-too-long": defineFailure<{ length: number; limit: number }>({
    ...signin,
    severity: "warning",
    retry: "not-applicable",
    spec: "Pusher protocol, code 4302",
    explain: ({ length, limit }) => `The watchlist has ${length} users; only the first ${limit} are watched.`,
    fix: "Send a shorter watchlist, or raise the app's channels.maxWatchlist.",
  }),
  "signin-user-terminated": defineFailure<{ userId: string }>({
    ...signin,
    faults: ["nobody"],
    retry: "never",
    explain: () => "You got disconnected by the app.",
    fix: "The app's backend ended all connections of this user; it decides whether to authorise the user again.",
  }),
};

export const signinFailures = defineFailures(definitions);

export type SigninFailureName = keyof typeof signinFailures.definitions;
