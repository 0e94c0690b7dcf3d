/**
 * `pusher:signin`: the signed `user_data` in, a user on the connection or a refusal out.
 */
import type { Failure } from "@antiphon/websocket";
import { type SigninFailureName, signinFailures } from "../failures/signin-failures.ts";
import { isJsonObject, type JsonObject, jsonTypeOf, parseBoundedJson } from "./bounded-json.ts";
import { formatSigninSuccess } from "./outgoing-events.ts";
import { pusherCodes } from "./pusher-codes.ts";
import type { SessionContext, SignedInUser } from "./session-context.ts";
import { findSigninAuthProblem } from "./signature.ts";

type SigninFailure = Failure<SigninFailureName>;

interface UserData {
  readonly user: SignedInUser;
  /** Each id once, in the order given, all of them. */
  readonly watchlist: readonly string[];
}

/** Handles one `pusher:signin`. */
export function signIn(session: SessionContext, data: JsonObject): void {
  const userData = data["user_data"];
  if (typeof userData !== "string" || userData === "") {
    refuse(session, signinFailures.create("signin-auth-missing"));
    return;
  }
  const authFailure = findAuthFailure(session, data["auth"], userData);
  if (authFailure) {
    refuse(session, authFailure);
    return;
  }
  const read = readUserData(userData, session.app.channels.maxUserIdLength);
  if (typeof read === "string") {
    refuse(session, signinFailures.create("signin-user-data-invalid", { problem: read }));
    return;
  }
  accept(session, read, userData);
}

function accept(session: SessionContext, { user, watchlist }: UserData, userData: string): void {
  const signedInAs = session.user?.id;
  if (signedInAs !== undefined && signedInAs !== user.id) {
    const evidence = { signedInAs, requested: user.id };
    session.sendError(pusherCodes.unauthorised, signinFailures.create("signin-user-changed", evidence));
    return;
  }
  if (!session.authorise()) return;
  session.user ??= user;
  session.send(formatSigninSuccess(userData));
  if (signedInAs !== undefined) return;
  const { watchlist: watching, maxWatchlist: limit } = session.app.channels;
  if (watching && watchlist.length > limit) {
    const failure = signinFailures.create("signin-watchlist-too-long", { length: watchlist.length, limit });
    session.sendError(pusherCodes.watchlistTooLong, failure);
  }
  session.hub.signIn(session, user.id, watchlist.slice(0, limit));
}

/** pusher-js waits for ever on a refused signin, so that closing is the kinder default. */
function refuse(session: SessionContext, failure: SigninFailure): void {
  if (session.app.connection.closeOnSigninFailure) session.end(failure);
  else session.sendError(pusherCodes.unauthorised, failure);
}

function findAuthFailure(
  session: SessionContext,
  auth: unknown,
  userData: string,
): SigninFailure | undefined {
  const request = { auth, socketId: session.socketId, userData };
  const problem = findSigninAuthProblem(session.app, request, () => session.mayDiagnose());
  if (problem === undefined) return undefined;
  switch (problem.kind) {
    case "missing":
      return signinFailures.create("signin-auth-missing");
    case "malformed":
      return signinFailures.create("signin-auth-malformed", { problem: problem.problem });
    case "key-mismatch":
      return signinFailures.create("signin-key-mismatch", { key: problem.key });
    default: {
      const { cause, reason, signedText } = problem;
      return signinFailures.create("signin-signature-mismatch", { cause, reason, signedText });
    }
  }
}

/** The user of a `user_data` text, or what is wrong with it. */
function readUserData(text: string, maxUserIdLength: number): UserData | string {
  const parsed = parseBoundedJson(text);
  if (!parsed.ok) return "it is not JSON, or nests too deep";
  if (typeof parsed.value === "string") return "it is JSON-encoded twice";
  if (!isJsonObject(parsed.value)) return `it is ${jsonTypeOf(parsed.value)}, not an object`;
  const id = readId(parsed.value["id"]);
  if (id === undefined) return `id is ${jsonTypeOf(parsed.value["id"])} or empty, not a non-empty string`;
  if (id.length > maxUserIdLength) return `id has ${id.length} characters; ${maxUserIdLength} are allowed`;
  return {
    user: { id, info: parsed.value["user_info"] },
    watchlist: readWatchlist(parsed.value["watchlist"]),
  };
}

function readWatchlist(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return [];
  const ids = new Set<string>();
  for (const each of value) {
    const id = readId(each);
    if (id !== undefined) ids.add(id);
  }
  return [...ids];
}

function readId(value: unknown): string | undefined {
  if (typeof value === "number" && Number.isFinite(value)) return String(value);
  return typeof value === "string" && value !== "" ? value : undefined;
}
