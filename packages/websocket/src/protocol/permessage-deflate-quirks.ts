/** Browsers whose permessage-deflate is broken, by user agent: the server offers them a connection without it. */
import { engineFailures } from "../failures/engine-failures.ts";
import type { Failure } from "../failures/failure.ts";

const safariOnMac = /\bVersion\/15\.([0-3])(?:\.\d+)? .{0,40}\bSafari\//;
const anyBrowserOnIos = /\b(?:iPhone|iPad|iPod).{0,40} OS 15_([0-3])(?:_\d+)? /;

/**
 * The reason (an information) to decline compression for this browser: Safari 15.0–15.3 mishandles
 * client_no_context_takeover, on macOS and, since it is the only engine there, in every browser of iOS 15.0–15.3.
 */
export function detectDeflateQuirk(userAgent: string | undefined): Failure | undefined {
  if (userAgent === undefined) return undefined;
  const minor = (anyBrowserOnIos.exec(userAgent) ?? safariOnMac.exec(userAgent))?.[1];
  return minor === undefined
    ? undefined
    : engineFailures.create("deflate-safari15", { version: `15.${minor}` });
}
