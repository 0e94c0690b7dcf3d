/**
 * Why a client could not set up TLS with this server: from Node's error to the failure that names the cause. Node reports
 * these errors where it reports requests that do not parse.
 */
import { engineFailures } from "../failures/engine-failures.ts";
import type { Failure } from "../failures/failure.ts";

/** The failure, or `undefined` for an error that is not one of TLS. */
export function nameTlsClientError(
  error: NodeJS.ErrnoException,
  handshakeTimeoutMs: number,
): Failure | undefined {
  const code = error.code ?? "";
  if (!/^ERR_(?:SSL|TLS)_|^EPROTO$/.test(code)) return undefined;
  if (code === "ERR_TLS_HANDSHAKE_TIMEOUT") {
    const failure = engineFailures.create("tls-handshake-timeout", { timeoutMs: handshakeTimeoutMs });
    return { ...failure, faults: ["client", "network"] };
  }
  if (/_(?:HTTP|HTTPS_PROXY)_REQUEST$/.test(code)) {
    return engineFailures.create("plain-http-sent-to-tls-port", { shownBy: "it starts with an HTTP method" });
  }
  if (code.endsWith("_ALERT_UNKNOWN_CA")) return engineFailures.create("tls-certificate-untrusted", { code });
  if (code.endsWith("_ALERT_CERTIFICATE_EXPIRED")) {
    return engineFailures.create("tls-certificate-expired", { code });
  }
  if (code.endsWith("_PEER_DID_NOT_RETURN_A_CERTIFICATE")) {
    return engineFailures.create("tls-client-certificate-required", { code });
  }
  if (/NO_SHARED_CIPHER|UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION|VERSION_TOO_LOW/.test(code)) {
    return engineFailures.create("tls-version-or-cipher", { code });
  }
  return engineFailures.create("tls-failed", { code });
}
