/**
 * The handshake request of a client (RFC 6455 §4.1): host, target, key and wishes in, the text of the whole request
 * out. Nothing here comes from the wire, so whatever is wrong is the caller's fault and throws.
 */
import { engineFailures } from "../failures/engine-failures.ts";
import { toEvidenceText } from "../failures/evidence-text.ts";
import { FailureError } from "../failures/failure.ts";
import { describeUnsendableHeader, formatHead, type HeaderLine } from "./header-fields.ts";
import { isToken } from "./header-syntax.ts";
import { isHostAndPort } from "./host-header.ts";
import { isReservedHeader } from "./response-headers.ts";

export interface ClientRequest {
  /** `name[:port]`, without the default port; an IPv6 address in brackets. */
  readonly host: string;
  /** Path and query, percent-encoded; starts with a slash. */
  readonly target: string;
  /** 16 fresh random bytes in base64, never used twice. */
  readonly key: string;
  readonly origin?: string | undefined;
  /** Tokens, most wanted first, each once. */
  readonly subprotocols: readonly string[];
  /** The offers as one header value; see `formatDeflateOffer`. */
  readonly extensions?: string | undefined;
  /** From the caller: everything but Host and the headers of the handshake itself. */
  readonly headers: readonly HeaderLine[];
}

/**
 * Formats the request. Throws a {@link FailureError}: `url-invalid`, `request-subprotocol-invalid`, or
 * `request-header-not-allowed` for a header that the client sets itself or that cannot be sent.
 */
export function formatUpgradeRequest(request: ClientRequest): string {
  const { host, target, key, origin, subprotocols, extensions } = request;
  if (!isHostAndPort(host)) throw invalidUrl("its host is not of the form name[:port]");
  if (!/^\/[\x21\x22\x24-\x7e]*$/.test(target)) {
    throw invalidUrl("its path and query must start with a slash and be percent-encoded");
  }
  checkSubprotocols(subprotocols);
  const headers: HeaderLine[] = [
    ["Host", host],
    ["Upgrade", "websocket"],
    ["Connection", "Upgrade"],
    ["Sec-WebSocket-Key", key],
    ["Sec-WebSocket-Version", "13"],
  ];
  if (subprotocols.length > 0) headers.push(["Sec-WebSocket-Protocol", subprotocols.join(", ")]);
  if (extensions !== undefined) headers.push(["Sec-WebSocket-Extensions", extensions]);
  const ownHeaders: readonly HeaderLine[] =
    origin === undefined ? request.headers : [["Origin", origin], ...request.headers];
  checkHeaders(ownHeaders);
  return formatHead(`GET ${target} HTTP/1.1`, [...headers, ...ownHeaders]);
}

function checkHeaders(headers: readonly HeaderLine[]): void {
  for (const [index, line] of headers.entries()) {
    const name = line[0].toLowerCase();
    const isTaken = name === "host" || isReservedHeader(name);
    const isSecondOrigin =
      name === "origin" && headers.some(([other], at) => at < index && /^origin$/i.test(other));
    const problem = isTaken
      ? "only the client itself may set it"
      : isSecondOrigin
        ? "it is there twice"
        : describeUnsendableHeader(line);
    if (problem === undefined) continue;
    const evidence = { header: toEvidenceText(line[0]), problem };
    throw new FailureError(engineFailures.create("request-header-not-allowed", evidence));
  }
}

function checkSubprotocols(subprotocols: readonly string[]): void {
  for (const [index, name] of subprotocols.entries()) {
    const problem = !isToken(name)
      ? "it is not a token"
      : subprotocols.indexOf(name) < index
        ? "it repeats an earlier one"
        : undefined;
    if (problem === undefined) continue;
    const evidence = { position: index + 1, problem };
    throw new FailureError(engineFailures.create("request-subprotocol-invalid", evidence));
  }
}

function invalidUrl(problem: string): FailureError {
  return new FailureError(engineFailures.create("url-invalid", { problem }));
}
