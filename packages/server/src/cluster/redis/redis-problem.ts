/** Errors of Redis, its client and the network go in; a few words that say what is wrong come out, fit for logs. */
import {
  ClientClosedError,
  ClientOfflineError,
  DisconnectsClientError,
  ErrorReply,
  SocketClosedUnexpectedlyError,
} from "@redis/client";
import { formatAddress, type RedisAddress } from "./redis-options.ts";

/** The message is for logs and names the server, never a user or a password. */
export class RedisProblem extends Error {
  override readonly name = "RedisProblem";
}

const closedHere = [ClientClosedError, ClientOfflineError, DisconnectsClientError] as const;

/** What the first word of an error reply means. The rest of a reply may quote arguments and user names: it is left out. */
const replies: Readonly<Record<string, string>> = {
  WRONGPASS: "refused the user or password (WRONGPASS)",
  NOAUTH: "asks for a password, and none is configured (NOAUTH)",
  NOPERM: "does not permit this user a command that is needed (NOPERM)",
  READONLY: "is a read-only replica (READONLY)",
  LOADING: "is still loading its data (LOADING)",
  MOVED: "has handed a slot to another node (MOVED)",
  ASK: "is handing a slot to another node (ASK)",
  CLUSTERDOWN: "says that the Redis Cluster is down (CLUSTERDOWN)",
  MASTERDOWN: "has lost its master (MASTERDOWN)",
  NOREPLICAS: "has too few replicas to write to (NOREPLICAS)",
  OOM: "is out of memory (OOM)",
  MISCONF: "cannot save its data and takes no writes (MISCONF)",
  NOPROTO: "does not speak RESP3: Redis 6 or newer is needed (NOPROTO)",
  DENIED: "is in protected mode and takes only clients of its own machine (DENIED)",
};

/** Says what went wrong at a server; a problem that was said already stays as it is. */
export function toRedisProblem(error: unknown, address: RedisAddress): RedisProblem {
  if (error instanceof RedisProblem) return error;
  return new RedisProblem(`${formatAddress(address)} ${explain(error)}`, { cause: error });
}

/** Whether the server answered with this error. */
export function isErrorReply(error: unknown, code: string): boolean {
  return error instanceof ErrorReply && error.message.startsWith(`${code} `);
}

function explain(error: unknown): string {
  if (error instanceof ErrorReply) return explainReply(error.message);
  if (!(error instanceof Error)) return "failed";
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  if (error instanceof SocketClosedUnexpectedlyError) return "closed the connection";
  if (closedHere.some((kind) => error instanceof kind)) return "is not connected";
  if (error.message.startsWith("Unknown RESP type")) return "does not speak the protocol of Redis";
  // Errors of several addresses at once have no message.
  return `cannot be reached (${code ?? (error.message || error.name)})`;
}

function explainReply(message: string): string {
  const [code = ""] = message.split(" ", 1);
  if (/^ERR Client sent AUTH|^ERR AUTH <password> called/.test(message)) {
    return "has no password set, and one is configured";
  }
  if (/^ERR unknown command/i.test(message))
    return "is too old: Redis 6 is needed, and Redis 7 for a Redis Cluster";
  if (/^ERR max number of clients/.test(message)) return "has as many clients as it takes (maxclients)";
  if (/^ERR DB index is out of range/.test(message)) return "has no database of this number";
  return replies[code] ?? `answered with an error (${/^[A-Z]{2,20}$/.test(code) ? code : "unknown"})`;
}
