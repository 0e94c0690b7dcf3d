/**
 * Why a NATS server did not let us in: what its client threw in, a named failure where there is something to mend, and a
 * text otherwise. Both without secrets.
 */
import type { Failure } from "@antiphon/websocket";
import { AuthorizationError, UserAuthenticationExpiredError } from "@nats-io/transport-node";
import { natsFailures } from "../../failures/nats-failures.ts";

const maxProblemLength = 200;

/** How OpenSSL and Node name what they do not like about a certificate or a handshake. */
const tlsCode = /^(?:ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_|EPROTO)/;

/** @param identity as whom we came, such as `as user antiphon`. */
export function explainConnectError(error: unknown, server: string, identity: string): Failure | string {
  if (error instanceof AuthorizationError || error instanceof UserAuthenticationExpiredError) {
    return natsFailures.create("cluster-nats-credentials-refused", { server, as: identity });
  }
  const problem = describeError(error);
  const { code } = (error ?? {}) as NodeJS.ErrnoException;
  if (tlsCode.test(code ?? "") || /\btls\b/i.test(problem)) {
    return natsFailures.create("cluster-nats-tls-failed", { server, problem });
  }
  return `${server} ${code === undefined ? `failed: ${problem}` : `could not be reached (${code})`}`;
}

/** The message of an error, without its full stop, on one line of bounded length. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return "without a reason";
  // OpenSSL's own words, which stand in its message between numbers and paths.
  const { reason } = error as { reason?: unknown };
  const text = typeof reason === "string" && reason !== "" ? reason : error.message;
  return text.replaceAll(/\s+/g, " ").trim().slice(0, maxProblemLength).replace(/\.$/, "");
}
