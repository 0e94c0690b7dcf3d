/** From the platform's error codes, and from the stage that ran out of time, to the failure with the right name. */
import { engineFailures } from "../failures/engine-failures.ts";
import type { Failure } from "../failures/failure.ts";
import type { ConnectStage } from "./connect-attempt.ts";

/** The machine that is being dialled: the server, or the proxy before it. */
export interface DialledHost {
  readonly hostname: string;
  readonly port: number;
}

type SystemError = Error & { readonly code?: string; readonly reason?: string };

/** Names the failure of a stage that did not end in time. */
export function nameTimeout(stage: ConnectStage, dialled: DialledHost, timeoutMs: number): Failure {
  if (stage === "dns") {
    const problem = `no answer within ${timeoutMs} ms`;
    return engineFailures.create("dns-lookup-failed", { host: dialled.hostname, problem });
  }
  if (stage === "tcp") {
    return engineFailures.create("tcp-connect-timeout", { address: formatAddress(dialled), timeoutMs });
  }
  return engineFailures.create(timeoutNames[stage], { timeoutMs });
}

const timeoutNames = {
  proxy: "proxy-connect-timeout",
  tls: "tls-handshake-timeout",
  upgrade: "response-timeout",
} as const;

/** Names an error before TCP was open. */
export function nameTcpError(error: SystemError, stage: ConnectStage, dialled: DialledHost): Failure {
  const code = error.code ?? error.name;
  if (stage === "dns") {
    return engineFailures.create("dns-lookup-failed", { host: dialled.hostname, problem: code });
  }
  const address = formatAddress(dialled);
  if (code === "ECONNREFUSED") return engineFailures.create("tcp-connect-refused", { address });
  if (code === "ETIMEDOUT") return engineFailures.create("tcp-connect-timeout", { address });
  if (code === "EADDRNOTAVAIL") return engineFailures.create("ephemeral-ports-exhausted", { address });
  return engineFailures.create("tcp-connect-failed", { code, address });
}

const notYetOrNoLonger: ReadonlySet<string> = new Set(["CERT_HAS_EXPIRED", "CERT_NOT_YET_VALID"]);
const isUntrusted =
  /^(?:UNABLE_TO_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|CERT_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED)/;
const isNotTls = /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|RECORD_TOO_SMALL/;
const isClientCertificate = /CERTIFICATE_REQUIRED|ALERT_BAD_CERTIFICATE|ALERT_UNKNOWN_CA|ALERT_CERTIFICATE/;
const isVersionOrCipher =
  /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|NO_PROTOCOLS_AVAILABLE|HANDSHAKE_FAILURE|NO_SHARED_CIPHER|NO_CIPHER|INSUFFICIENT_SECURITY/;

/** Names an error while TLS is being set up, or an alert that the server sends right after it. */
export function nameTlsError(error: SystemError, hostname: string): Failure {
  const code = readTlsCode(error);
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return engineFailures.create("tls-hostname-mismatch", { host: hostname });
  }
  if (notYetOrNoLonger.has(code)) return engineFailures.create("tls-certificate-expired", { code });
  if (isUntrusted.test(code)) return engineFailures.create("tls-certificate-untrusted", { code });
  if (isNotTls.test(code)) return engineFailures.create("tls-sent-to-plain-port", {});
  if (isClientCertificate.test(code)) {
    return engineFailures.create("tls-client-certificate-required", { code });
  }
  if (code.includes("NO_APPLICATION_PROTOCOL")) {
    return engineFailures.create("tls-alpn-h2-selected", { code });
  }
  if (isVersionOrCipher.test(code)) return engineFailures.create("tls-version-or-cipher", { code });
  if (["ECONNRESET", "EPIPE", "ECONNABORTED"].includes(code)) {
    return engineFailures.create("tls-closed-early", { code });
  }
  return engineFailures.create("tls-failed", { code });
}

const usualTlsPorts: ReadonlySet<number | undefined> = new Set([443, 8443]);

/**
 * Gives `failure`, that a server hung up before its answer was whole, a better name where one is likely: a port that is
 * usual for TLS and hangs up on plain HTTP without a word wants TLS.
 */
export function nameEarlyEnd(
  failure: Failure,
  peer: { readonly isSecure: boolean; readonly port: number | undefined },
): Failure {
  if (failure.evidence["bytes"] !== 0 || peer.isSecure || !usualTlsPorts.has(peer.port)) return failure;
  const shownBy = `port ${peer.port} hung up without an answer`;
  return { ...engineFailures.create("plain-http-sent-to-tls-port", { shownBy }), certainty: "likely" };
}

/** Whether the error comes from TLS and not from TCP below it. */
export function isTlsError(error: SystemError): boolean {
  return /^ERR_(?:SSL|TLS)_|^EPROTO$/.test(error.code ?? "");
}

export function formatAddress({ hostname, port }: DialledHost): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

/** EPROTO hides OpenSSL's reason in its text: `…:wrong version number:…`. */
function readTlsCode(error: SystemError): string {
  if (error.code !== "EPROTO") return error.code ?? error.name;
  const reason = /error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):/i.exec(error.message)?.[1] ?? "";
  return reason === "" ? "EPROTO" : `ERR_SSL_${reason.toUpperCase().replaceAll(/[^A-Z0-9]+/g, "_")}`;
}
