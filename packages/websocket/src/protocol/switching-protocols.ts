/**
 * The 101 response of the server (RFC 6455 §4.2.2): what was agreed goes in, the text of the whole head comes out, to
 * be written with a single write before anything else can be queued.
 */
import type { Failure } from "../failures/failure.ts";
import { formatHead, type HeaderLine } from "./header-fields.ts";
import { judgeHookHeaders } from "./response-headers.ts";

export interface SwitchingProtocols {
  /** base64(SHA-1(key + GUID)), computed by the shell for this very request. */
  readonly accept: string;
  /** One of the offered names; never the list of them. */
  readonly subprotocol?: string | undefined;
  /** The accepted extensions as one header value. */
  readonly extensions?: string | undefined;
  /** From the application, cookies included; they follow the engine's own lines. */
  readonly headers?: readonly HeaderLine[] | undefined;
}

/** Formats the 101, or fails with `handshake-hook-illegal-header` for a header that the application must not set. */
export function formatSwitchingProtocols(
  answer: SwitchingProtocols,
): { readonly ok: true; readonly text: string } | { readonly ok: false; readonly failure: Failure } {
  const failure = judgeHookHeaders(answer.headers ?? []);
  if (failure) return { ok: false, failure };
  const headers: HeaderLine[] = [
    ["Upgrade", "websocket"],
    ["Connection", "Upgrade"],
    ["Sec-WebSocket-Accept", answer.accept],
  ];
  if (answer.subprotocol !== undefined) headers.push(["Sec-WebSocket-Protocol", answer.subprotocol]);
  if (answer.extensions !== undefined) headers.push(["Sec-WebSocket-Extensions", answer.extensions]);
  headers.push(...(answer.headers ?? []));
  return { ok: true, text: formatHead("HTTP/1.1 101 Switching Protocols", headers) };
}
