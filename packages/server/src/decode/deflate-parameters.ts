/** What `--deflate` says: the parameters of a permessage-deflate answer, judged by the engine's own client. */
import type { Failure } from "@antiphon/websocket";
import type { NegotiatedDeflate } from "@antiphon/websocket/frames";
import { inspectHandshake } from "@antiphon/websocket/inspect";
import { toolFailures } from "../failures/tool-failures.ts";
import { createMatchingRequest } from "./matching-request.ts";

export type DeflateParameters =
  | { readonly ok: true; readonly deflate: NegotiatedDeflate }
  | { readonly ok: false; readonly failure: Failure };

/** Reads `server_no_context_takeover; client_max_window_bits=10`, with or without the name of the extension in front. */
export function parseDeflateParameters(text: string): DeflateParameters {
  const value = /^\s*permessage-deflate\b/.test(text) ? text : `permessage-deflate; ${text}`;
  const request = createMatchingRequest("permessage-deflate; client_max_window_bits", undefined);
  const { findings, agreed } = inspectHandshake(
    request.text,
    request.answer(`Sec-WebSocket-Extensions: ${value}`),
  );
  const problem = findings.find(({ failure }) => failure.severity === "fatal")?.failure.message;
  const deflate = agreed?.deflate;
  if (problem === undefined && deflate) return { ok: true, deflate };
  const why = problem ?? "they agree on nothing.";
  return { ok: false, failure: toolFailures.create("deflate-parameters-invalid", { problem: why }) };
}
