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

const fixedLines = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";

/** Formats the 101, or fails with `handshake-hook-illegal-header` for a header that the application must not set. */
export function formatSwitchingProtocols(
  answer: SwitchingProtocols,
): { readonly ok: true; readonly text: string } | { readonly ok: false; readonly failure: Failure } {
  const failure = answer.headers && judgeHookHeaders(answer.headers);
  if (failure) return { ok: false, failure };
  const { accept, subprotocol, extensions, headers = [] } = answer;
  let head = `${fixedLines}Sec-WebSocket-Accept: ${accept}`;
  if (subprotocol !== undefined) head += `\r\nSec-WebSocket-Protocol: ${subprotocol}`;
  if (extensions !== undefined) head += `\r\nSec-WebSocket-Extensions: ${extensions}`;
  return { ok: true, text: formatHead(head, headers) };
}
