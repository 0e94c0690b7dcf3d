/** Why a server did not switch protocols: from the status and headers of its answer to the failure with the right name. */
import { engineFailures } from "../failures/engine-failures.ts";
import { hideUserInfo, toEvidenceText } from "../failures/evidence-text.ts";
import type { Failure } from "../failures/failure.ts";
import { HeaderFields } from "./header-fields.ts";
import type { ResponseHead } from "./response-head-reader.ts";

/** What servers with TLS say to a request without it: nginx, Go, Apache. */
const plainHttpOnTlsPort =
  /plain HTTP request was sent to HTTPS port|HTTP request to an HTTPS server|speaking plain HTTP to an SSL/i;

/** Names the failure of a status other than 101. `bodyStart`, as far as it was read, tells a TLS port from other 400s. */
export function judgeRefusalStatus(head: ResponseHead, bodyStart = ""): Failure {
  const { status } = head;
  const fields = new HeaderFields(head.rawHeaders);
  switch (status) {
    case 200:
      return engineFailures.create("response-status-200", { status });
    case 301:
    case 302:
    case 303:
    case 307:
    case 308:
      return engineFailures.create("response-redirect", { status, location: readLocation(fields) });
    case 400:
      return plainHttpOnTlsPort.test(bodyStart)
        ? engineFailures.create("plain-http-sent-to-tls-port", { shownBy: "it answered 400 and said so" })
        : engineFailures.create("response-bad-request", { status });
    case 401:
      return engineFailures.create("response-unauthorized", {
        status,
        challenge: readChallenge(fields, "www-authenticate"),
      });
    case 403:
      return engineFailures.create("response-forbidden", { status });
    case 404:
      return engineFailures.create("response-not-found", { status });
    case 407:
      return engineFailures.create("proxy-auth-required", {
        challenge: readChallenge(fields, "proxy-authenticate"),
      });
    case 426:
      return engineFailures.create("response-upgrade-required", {
        status,
        versions: readHeader(fields, "sec-websocket-version"),
      });
    case 429:
      return engineFailures.create("response-rate-limited", {
        status,
        retryAfter: readHeader(fields, "retry-after"),
      });
    case 500:
      return engineFailures.create("response-server-error", { status });
    case 503:
      return engineFailures.create("response-unavailable", {
        status,
        retryAfter: readHeader(fields, "retry-after"),
      });
    case 511:
      return engineFailures.create("proxy-injected-html", {
        shownBy: "status 511, the network wants a login",
      });
  }
  const isGatewayError = status === 502 || status === 504 || (status >= 520 && status <= 527);
  return engineFailures.create(isGatewayError ? "response-gateway-error" : "response-status-not-101", {
    status,
  });
}

/** Judges a proxy's answer to CONNECT (RFC 9110 §9.3.6); undefined if the tunnel stands. */
export function judgeConnectResponse(head: ResponseHead): Failure | undefined {
  if (head.status >= 200 && head.status <= 299) return undefined;
  return head.status === 407
    ? judgeRefusalStatus(head)
    : engineFailures.create("proxy-connect-refused", { status: head.status });
}

function readHeader(fields: HeaderFields, name: string): string | undefined {
  const value = fields.get(name);
  return value === undefined ? undefined : toEvidenceText(value);
}

/** Without user info and query, where secrets are. */
function readLocation(fields: HeaderFields): string | undefined {
  const [location] = fields.all("location");
  return location === undefined ? undefined : toEvidenceText(hideUserInfo(location.split(/[?#]/, 1)[0]!));
}

/** The scheme only, such as Bearer. */
function readChallenge(fields: HeaderFields, name: string): string | undefined {
  const scheme = fields.get(name)?.split(/[ ,]/, 1)[0];
  return scheme === undefined || scheme === "" ? undefined : toEvidenceText(scheme);
}
