/**
 * The text of one inbound message → its event, channel and data, or the failure that says what is wrong with it. Called
 * by the session for each text message; the engine has already bounded its size.
 */
import type { Failure } from "@antiphon/websocket";
import { messageFailures } from "../failures/message-failures.ts";
import {
  isJsonObject,
  type JsonObject,
  jsonTypeOf,
  maxJsonDepth,
  parseBoundedJson,
  parseJsonObject,
} from "./bounded-json.ts";

/** A message whose outer shape is right. Everything but `event` is still as the client sent it. */
export interface InboundMessage {
  readonly event: string;
  readonly channel: unknown;
  readonly data: unknown;
}

/** What {@link parseMessage} answers. */
export type ParsedMessage =
  | { readonly ok: true; readonly message: InboundMessage }
  | { readonly ok: false; readonly failure: Failure };

/** Parses the envelope of one message. Never throws. */
export function parseMessage(text: string): ParsedMessage {
  const parsed = parseBoundedJson(text);
  if (!parsed.ok) {
    const failure =
      parsed.problem === "too-deep"
        ? messageFailures.create("message-too-deep", { limit: maxJsonDepth })
        : messageFailures.create("message-not-json", { characters: text.length });
    return { ok: false, failure };
  }
  const envelope = parsed.value;
  if (!isJsonObject(envelope)) {
    return {
      ok: false,
      failure: messageFailures.create("message-not-object", { type: jsonTypeOf(envelope) }),
    };
  }
  const event = envelope["event"];
  if (typeof event !== "string") {
    return {
      ok: false,
      failure: messageFailures.create("message-event-missing", { type: jsonTypeOf(event) }),
    };
  }
  return { ok: true, message: { event, channel: envelope["channel"], data: envelope["data"] } };
}

const noData: JsonObject = {};

/**
 * The data of a `pusher:` message as an object. Clients send an object or the JSON text of one, which is decoded once;
 * missing data counts as `{}`. `undefined` for anything else.
 */
export function readDataObject(data: unknown): JsonObject | undefined {
  if (data === undefined || data === null) return noData;
  if (typeof data === "string") return parseJsonObject(data);
  return isJsonObject(data) ? data : undefined;
}
