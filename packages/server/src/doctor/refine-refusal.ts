/**
 * A refusal of the handshake, read again with everything around it: what the body says, which proxies the answer passed, and
 * that the request was sent right. A status alone rarely says who is to blame.
 */
import { type EngineFailureName, engineFailures, type Failure } from "@antiphon/websocket";
import { HeaderFields, type ResponseHead } from "@antiphon/websocket/inspect";
import { stateFailure } from "../failures/state-failure.ts";
import { shortenText } from "../cli/safe-text.ts";
import { lowerStart } from "./conclude.ts";
import type { Fingerprint, Product } from "./fingerprints.ts";
import { describeDirectives, type DirectiveGroup } from "./proxy-directives.ts";

export interface RefusedHandshake {
  readonly head: ResponseHead;
  /** The start of the body as text. */
  readonly body: string;
  readonly fingerprints: readonly Fingerprint[];
}

/** What a server misses that this client has sent: something on the way took it out. */
const lostOnTheWay: ReadonlySet<string> = new Set([
  "proxy-stripped-upgrade",
  "proxy-http10-upstream",
  "handshake-http-version-too-low",
  "handshake-not-an-upgrade",
  "handshake-connection-token-missing",
  "handshake-key-missing",
  "handshake-version-missing",
]);

/** The server cannot know that it was not the client; we do. */
const doneByProxy: Readonly<Record<string, EngineFailureName>> = {
  "handshake-not-an-upgrade": "proxy-stripped-upgrade",
  "handshake-http-version-too-low": "proxy-http10-upstream",
};

/** Sentences of other servers that did not see an upgrade. */
const sawNoUpgrade =
  /upgrade required|can ["']?upgrade["']? only to ["']?websocket|missing (?:or invalid )?["']?(?:upgrade|connection)|invalid ["']?(?:upgrade|connection)["']? header|not a websocket (?:handshake|request|upgrade)|expected.*upgrade|["']upgrade["'] token not found|bad handshake|invalid handshake/i;

/** The failure with the best name, fault and fix. */
export function refineRefusal(failure: Failure, refused: RefusedHandshake): Failure {
  const products = refused.fingerprints.map(({ product }) => product);
  const named = readNamedFailure(refused.body);
  if (named) return lostOnTheWay.has(named.name) ? blameProxy(named, products) : named;
  switch (failure.name) {
    case "response-upgrade-required":
      return refineUpgradeRequired(failure, refused, products);
    case "response-bad-request":
      return sawNoUpgrade.test(refused.body)
        ? guessStripped("The server answered 400 and says that it saw no upgrade.", products)
        : withExcerpt(failure, refused.body);
    case "response-gateway-error":
      return addDirectives(failure, "backend", products);
    case "response-unavailable":
      return products.includes("HAProxy") || /no server is available|no healthy upstream/i.test(refused.body)
        ? { ...addDirectives(failure, "backend", products), faults: ["server", "proxy"], certainty: "likely" }
        : failure;
    case "response-not-found":
      return products.length > 0 ? addDirectives(failure, "route", products) : failure;
    case "response-redirect":
      return refineRedirect(failure);
    case "response-forbidden":
    case "response-server-error":
      return withExcerpt(failure, refused.body);
    default:
      return failure;
  }
}

/** The engine's refusals have the name in the first line, the fix in the second and the sentence in the third. */
function readNamedFailure(body: string): Failure | undefined {
  const [name = "", , message = ""] = body.split("\n");
  if (!/^[a-z][a-z0-9-]{2,60}$/.test(name)) return undefined;
  return stateFailure(engineFailures, name, shortenText(message, 200));
}

/** Proved: we sent the header, and the server says that it did not come. */
function blameProxy(named: Failure, products: readonly Product[]): Failure {
  const failure = stateFailure(engineFailures, doneByProxy[named.name] ?? named.name, named.message) ?? named;
  const message = `What was sent and what reached the server differ: ${lowerStart(named.message)}`;
  return addDirectives({ ...failure, message, faults: ["proxy"], certainty: "proved" }, "upgrade", products);
}

/** 426 from a server that speaks version 13, to a request for version 13: it cannot have seen the upgrade. */
function refineUpgradeRequired(
  failure: Failure,
  { head }: RefusedHandshake,
  products: readonly Product[],
): Failure {
  const versions = new HeaderFields(head.rawHeaders).get("sec-websocket-version") ?? "13";
  if (!versions.split(/[ ,]+/).includes("13")) return failure;
  return guessStripped(
    "The server answered 426 to a request for the version it speaks: it saw no Upgrade header.",
    products,
  );
}

function guessStripped(message: string, products: readonly Product[]): Failure {
  const failure = engineFailures.create("proxy-stripped-upgrade");
  return addDirectives({ ...failure, message, certainty: "likely" }, "upgrade", products);
}

/** The URL to use instead is known. */
function refineRedirect(failure: Failure): Failure {
  const { location } = failure.evidence;
  if (typeof location !== "string" || !/^https?:\/\//.test(location)) return failure;
  return {
    ...failure,
    fix: `Use ${location.replace(/^http/, "ws")} directly: WebSocket clients do not follow redirects.`,
  };
}

/** What the server says itself is worth more than any guess. */
function withExcerpt(failure: Failure, body: string): Failure {
  const text = body
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll(/\s+/g, " ")
    .trim();
  if (text === "") return failure;
  return {
    ...failure,
    message: `${failure.message.replace(/\.$/, "")}; its body says "${shortenText(text, 120)}".`,
  };
}

function addDirectives(failure: Failure, group: DirectiveGroup, products: readonly Product[]): Failure {
  return { ...failure, fix: `${failure.fix.replace(/\.$/, "")}; ${describeDirectives(group, products)}` };
}
