/** The header fields of webhook requests: those of the protocol, spelled as receivers look for them, and the operator's own. */
import { validateHeaderName, validateHeaderValue } from "node:http";
import type { App } from "../apps/app.ts";
import { signText } from "../pusher/digest.ts";

/** Nobody may override these: receivers trust them, or the message would not parse. */
const reserved = new Set([
  "x-pusher-key",
  "x-pusher-signature",
  "content-type",
  "content-length",
  "transfer-encoding",
  "connection",
]);

export interface CustomHeaders {
  readonly headers: Readonly<Record<string, string>>;
  /** Names of fields that HTTP does not allow; they are left out. */
  readonly invalid: readonly string[];
}

/** The operator's own fields, without those that are reserved or not valid. */
export function readCustomHeaders(custom: Readonly<Record<string, string>>): CustomHeaders {
  const headers: Record<string, string> = {};
  const invalid: string[] = [];
  for (const [name, value] of Object.entries(custom)) {
    if (!isValidHeader(name, value)) invalid.push(name);
    else if (!reserved.has(name.toLowerCase())) headers[name] = value;
  }
  return { headers, invalid };
}

/** All fields of a request. The secret that is being replaced signs until it is gone: receivers learn the new one later. */
export function signHeaders(
  app: Pick<App, "key" | "secret" | "previousSecret">,
  body: string,
  custom: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return {
    "User-Agent": "Antiphon",
    ...custom,
    // Exactly so: SDKs compare the whole value.
    "Content-Type": "application/json",
    "X-Pusher-Key": app.key,
    "X-Pusher-Signature": signText(app.previousSecret ?? app.secret, body),
  };
}

function isValidHeader(name: string, value: string): boolean {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}
