/** The bytes of a body → the JSON object in them, or what is wrong. Parses once. Called by the publishing routes. */
import { isUtf8 } from "node:buffer";
import type { Failure } from "@antiphon/websocket";
import { httpFailures } from "../failures/http-failures.ts";
import { isJsonObject, type JsonObject, jsonTypeOf } from "../pusher/bounded-json.ts";

/** A value, or the failure that kept it from being one. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: Failure };

/** Parses a body of bounded size. Depth needs no bound: nothing but `data` is ever serialised again. Never throws. */
export function parseJsonBody(bytes: Buffer): Parsed<JsonObject> {
  if (!isUtf8(bytes)) return { ok: false, failure: httpFailures.create("http-body-not-utf8") };
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    return { ok: false, failure: explainSyntaxError(error, bytes.length) };
  }
  if (isJsonObject(value)) return { ok: true, value };
  return { ok: false, failure: httpFailures.create("http-body-not-object", { type: jsonTypeOf(value) }) };
}

/** Takes only the position: the parser's message quotes the body. */
function explainSyntaxError(error: unknown, bodyBytes: number): Failure {
  const position = error instanceof SyntaxError ? /at position (\d+)/.exec(error.message)?.[1] : undefined;
  return httpFailures.create("http-body-not-json", {
    bodyBytes,
    ...(position === undefined ? {} : { position: Number(position) }),
  });
}
