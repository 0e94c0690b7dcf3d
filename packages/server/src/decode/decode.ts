/** From what people handed in to what they are shown: all connections of the input, or one of a capture. */
import type { Failure } from "@antiphon/websocket";
import { toolFailures } from "../failures/tool-failures.ts";
import { decodeConversation, hasHandshake } from "./decode-conversation.ts";
import type { Conversation, DecodedConversation, DecodeOptions } from "./decoding.ts";

export interface DecodeChoice extends DecodeOptions {
  /** The number of the one connection of a capture to decode. */
  readonly connection: number | undefined;
}

export type DecodeResult =
  | { readonly ok: true; readonly decoded: readonly DecodedConversation[] }
  | { readonly ok: false; readonly failure: Failure };

export function decode(conversations: readonly Conversation[], choice: DecodeChoice): DecodeResult {
  const { connection } = choice;
  const chosen =
    connection === undefined
      ? conversations
      : conversations.filter(({ capture }) => capture?.number === connection);
  if (connection !== undefined && chosen.length === 0) {
    const evidence = { connection, connections: conversations.length };
    return { ok: false, failure: toolFailures.create("capture-connection-unknown", evidence) };
  }
  const isOnlyOne = chosen.length === 1;
  return { ok: true, decoded: chosen.map((conversation) => decodeOne(conversation, choice, isOnlyOne)) };
}

function decodeOne(
  conversation: Conversation,
  choice: DecodeChoice,
  isOnlyOne: boolean,
): DecodedConversation {
  if (conversation.capture && isEncrypted(conversation)) {
    const failure = toolFailures.create("capture-encrypted");
    return skip(conversation, failure.message, [{ failure, about: "end", where: "all of it" }]);
  }
  // Captures hold all kinds of connections; what is not known to be WebSocket is decoded where nothing else is meant.
  if (conversation.capture && !isOnlyOne && !hasHandshake(conversation)) {
    const { number } = conversation.capture;
    return skip(conversation, `No WebSocket handshake; --connection ${number} decodes it all the same.`);
  }
  return decodeConversation(conversation, choice);
}

/** Both sides begin with a TLS record. */
function isEncrypted({ directions }: Conversation): boolean {
  const sides = Object.values(directions).filter(({ bytes }) => bytes.length > 0);
  return sides.every(
    ({ bytes }) => bytes[0] !== undefined && bytes[0] >= 0x14 && bytes[0] <= 0x17 && bytes[1] === 0x03,
  );
}

function skip(
  conversation: Conversation,
  skipped: string,
  findings: DecodedConversation["findings"] = [],
): DecodedConversation {
  return { conversation, handshake: undefined, frames: [], findings, skipped };
}
