/**
 * How to put each fault of a handshake right, so that the judgement can be asked what else is wrong: it reports one failure
 * at a time, and people want to fix all of them at once.
 */
import type { EngineFailureName } from "../failures/engine-failures.ts";
import type { Failure } from "../failures/failure.ts";
import type { UpgradeRequestHead } from "../protocol/hop-by-hop.ts";
import type { ResponseHead } from "../protocol/response-head-reader.ts";

type Repairs<Head> = Partial<Record<EngineFailureName, (head: Head) => Head>>;

/** Judges, repairs and judges again; the first failure is the one that is really reported. */
export function collectFailures<Head>(
  start: Head,
  judge: (head: Head) => Failure | undefined,
  repairs: Repairs<Head>,
): Failure[] {
  const failures: Failure[] = [];
  let head = start;
  for (let failure = judge(head); failure; failure = judge(head)) {
    // The same name again means that its repair did not help; what is behind it stays unknown.
    if (failures.some(({ name }) => name === failure?.name)) break;
    failures.push(failure);
    // Judgements of the handshake raise engine failures only.
    const repair = repairs[failure.name as EngineFailureName];
    if (repair === undefined) break;
    head = repair(head);
  }
  return failures;
}

interface WithHeaders {
  readonly rawHeaders: readonly string[];
}

/** The head with every line of that name replaced by one, or removed. */
function withHeader<Head extends WithHeaders>(head: Head, name: string, value?: string): Head {
  const rawHeaders: string[] = [];
  for (let index = 0; index + 1 < head.rawHeaders.length; index += 2) {
    const [lineName, lineValue] = [head.rawHeaders[index]!, head.rawHeaders[index + 1]!];
    if (lineName.toLowerCase() !== name.toLowerCase()) rawHeaders.push(lineName, lineValue);
  }
  if (value !== undefined) rawHeaders.push(name, value);
  return { ...head, rawHeaders };
}

function setting<Head extends WithHeaders>(name: string, value?: string): (head: Head) => Head {
  return (head) => withHeader(head, name, value);
}

const withoutBody = <Head extends WithHeaders>(head: Head): Head =>
  withHeader(withHeader(head, "Content-Length"), "Transfer-Encoding");
/** The authority of an absolute target counts as the host, so it goes as well. */
const withHost = (head: UpgradeRequestHead): UpgradeRequestHead => ({
  ...withHeader(head, "Host", "localhost"),
  target: head.target.replace(/^[a-z]+:\/\/[^/?#]*/i, "") || "/",
});
const withRootTarget = (head: UpgradeRequestHead): UpgradeRequestHead => ({ ...head, target: "/" });
const withHttp11 = <Head extends { readonly httpVersion: string }>(head: Head): Head => ({
  ...head,
  httpVersion: "1.1",
});
const withUpgrade = setting<UpgradeRequestHead>("Upgrade", "websocket");
const withVersion = setting<UpgradeRequestHead>("Sec-WebSocket-Version", "13");
const withKey = setting<UpgradeRequestHead>("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
const withoutSubprotocols = setting<UpgradeRequestHead>("Sec-WebSocket-Protocol");

export const requestRepairs: Repairs<UpgradeRequestHead> = {
  "handshake-malformed-http": withRootTarget,
  "handshake-path-not-found": withRootTarget,
  "handshake-method-not-get": (head) => ({ ...head, method: "GET" }),
  "handshake-http-version-too-low": withHttp11,
  "proxy-http10-upstream": withHttp11,
  "handshake-request-has-body": withoutBody,
  "request-body-too-large": withoutBody,
  "handshake-host-missing": withHost,
  "handshake-host-duplicated": withHost,
  "handshake-host-invalid": withHost,
  "handshake-not-an-upgrade": withUpgrade,
  "proxy-stripped-upgrade": withUpgrade,
  "handshake-upgrade-not-websocket": withUpgrade,
  "handshake-connection-token-missing": setting("Connection", "Upgrade"),
  "handshake-version-missing": withVersion,
  "handshake-version-malformed": withVersion,
  "handshake-version-unsupported": withVersion,
  "handshake-legacy-hixie76": withVersion,
  "handshake-key-missing": withKey,
  "handshake-key-duplicated": withKey,
  "handshake-key-invalid": withKey,
  "handshake-subprotocol-syntax": withoutSubprotocols,
  "handshake-subprotocol-duplicate": withoutSubprotocols,
  "handshake-extension-syntax": setting("Sec-WebSocket-Extensions"),
  "handshake-origin-malformed": setting("Origin"),
};

/** A status other than 101 has no repair: the rest of such an answer means something else. */
export function createResponseRepairs(expectedAccept: string): Repairs<ResponseHead> {
  const withAccept = setting<ResponseHead>("Sec-WebSocket-Accept", expectedAccept);
  const withoutExtensions = setting<ResponseHead>("Sec-WebSocket-Extensions");
  const withoutSubprotocol = setting<ResponseHead>("Sec-WebSocket-Protocol");
  return {
    "response-malformed-http": withHttp11,
    "response-upgrade-header-invalid": setting("Upgrade", "websocket"),
    "response-connection-header-invalid": setting("Connection", "Upgrade"),
    "response-accept-missing": withAccept,
    "response-accept-duplicated": withAccept,
    "response-accept-mismatch": withAccept,
    "response-has-body-headers": withoutBody,
    "response-extension-syntax": withoutExtensions,
    "response-extension-unrequested": withoutExtensions,
    "response-deflate-parameter-invalid": withoutExtensions,
    "response-deflate-window-larger-than-offered": withoutExtensions,
    "response-deflate-client-window-unrequested": withoutExtensions,
    "response-deflate-takeover-ignored": withoutExtensions,
    "response-subprotocol-unrequested": withoutSubprotocol,
    "response-subprotocol-list-echoed": withoutSubprotocol,
  };
}
