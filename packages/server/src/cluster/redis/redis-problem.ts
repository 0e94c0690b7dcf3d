/**
 * Errors of Redis, its client and the network go in; what is wrong comes out in words fit for logs, and as a failure where
 * there is something to mend for the operator.
 */
import type { Failure } from "@antiphon/websocket";
import {
  ClientClosedError,
  ClientOfflineError,
  DisconnectsClientError,
  ErrorReply,
  SocketClosedUnexpectedlyError,
} from "@redis/client";
import { redisFailures } from "../../failures/redis-failures.ts";
import { formatAddress, type RedisAddress } from "./redis-options.ts";

/** The message is for logs and names the server, never a user or a password. */
export class RedisProblem extends Error {
  override readonly name = "RedisProblem";
  /** Where there is something to mend for the operator. */
  readonly failure: Failure | undefined;

  constructor(problem: string | Failure, cause?: unknown) {
    super(typeof problem === "string" ? problem : problem.message, { cause });
    this.failure = typeof problem === "string" ? undefined : problem;
  }
}

/** Says what went wrong at a server; a problem that was said already stays as it is. */
export function toRedisProblem(error: unknown, address: RedisAddress): RedisProblem {
  if (error instanceof RedisProblem) return error;
  const server = formatAddress(address);
  const said =
    error instanceof ErrorReply ? explainReply(error.message, server) : explainError(error, server);
  return new RedisProblem(said, error);
}

/** Whether the server answered with this error. */
export function isErrorReply(error: unknown, code: string): boolean {
  const reply = error instanceof RedisProblem ? error.cause : error;
  return reply instanceof ErrorReply && reply.message.startsWith(`${code} `);
}

const closedHere = [ClientClosedError, ClientOfflineError, DisconnectsClientError] as const;

/** How OpenSSL and Node name what they do not like about a certificate or a handshake. */
const tlsCode = /^(?:ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_|EPROTO)/;

function explainError(error: unknown, server: string): string | Failure {
  if (!(error instanceof Error)) return `${server} failed without a reason`;
  if (error instanceof SocketClosedUnexpectedlyError) return `${server} closed the connection`;
  if (closedHere.some((kind) => error instanceof kind)) return `${server} is not connected`;
  if (error.message.startsWith("Unknown RESP type")) return `${server} does not speak the protocol of Redis`;
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ECONNRESET" || code === "EPIPE") return `${server} closed the connection`;
  if (code !== undefined && tlsCode.test(code)) {
    return redisFailures.create("cluster-redis-tls-failed", { server, problem: code });
  }
  // Errors of several addresses at once have no message.
  return `${server} could not be reached (${code ?? (error.message || error.name)})`;
}

/** What the first word of an error reply means where a node can only wait. */
const passing: Readonly<Record<string, string>> = {
  READONLY: "is a read-only replica",
  LOADING: "is still loading its data",
  MOVED: "has handed a slot to another node",
  ASK: "is handing a slot to another node",
  CLUSTERDOWN: "says that the Redis Cluster is down",
  MASTERDOWN: "has lost its master",
  NOREPLICAS: "has too few replicas to write to",
  OOM: "is out of memory",
  MISCONF: "cannot save its data and takes no writes",
};

/** The rest of a reply may quote arguments and user names: it is not shown. */
function explainReply(message: string, server: string): string | Failure {
  const [code = ""] = message.split(" ", 1);
  const loginProblem = explainLogin(code, message);
  if (loginProblem !== undefined) {
    return redisFailures.create("cluster-redis-credentials-refused", { server, problem: loginProblem });
  }
  if (code === "NOPERM") return redisFailures.create("cluster-redis-permission-denied", { server });
  if (code === "NOPROTO" || /^ERR unknown (?:sub)?command/i.test(message)) {
    return redisFailures.create("cluster-redis-too-old", { server });
  }
  const known = passing[code];
  if (known !== undefined) return `${server} ${known} (${code})`;
  if (message.startsWith("ERR max number of clients")) return `${server} has as many clients as it takes`;
  if (message.startsWith("ERR DB index is out of range")) return `${server} has no database of this number`;
  if (message.startsWith("ERR No such master")) return `${server} does not watch a master of this name`;
  return `${server} answered with an error (${/^[A-Z]{2,20}$/.test(code) ? code : "unknown"})`;
}

function explainLogin(code: string, message: string): string | undefined {
  if (code === "WRONGPASS") return "the user or the password is wrong";
  if (code === "NOAUTH") return "it asks for a password, and none is configured";
  if (code === "DENIED") return "it is in protected mode and takes only clients of its own machine";
  return /^ERR (?:Client sent AUTH|AUTH <password> called)/.test(message)
    ? "a password is configured, and it has none"
    : undefined;
}
