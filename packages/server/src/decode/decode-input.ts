/**
 * What people hand to `decode`, told apart: captures, handshakes as text, and bytes in any spelling. Bytes or text in,
 * conversations out.
 */
import type { Failure, Role } from "@antiphon/websocket";
import { type ByteTextFormat, parseByteText } from "@antiphon/websocket/inspect";
import type { CapturedPacket } from "./capture/captured-packet.ts";
import { readCaptureFile, readPacketText } from "./capture/read-capture.ts";
import { type CapturedConnection, findConnections } from "./capture/tcp-connections.ts";
import type { Conversation, Direction } from "./decoding.ts";
import { type GuessedSender, guessSender } from "./guess-sender.ts";
import { splitHandshakeText } from "./handshake-text.ts";

export type DecodeInput =
  | {
      readonly ok: true;
      /** What it was taken for, as a noun. */
      readonly format: string;
      readonly conversations: readonly Conversation[];
      /** Where the input does not say it itself. */
      readonly sender?: GuessedSender;
    }
  | { readonly ok: false; readonly failure: Failure };

const formatNames: Readonly<Record<ByteTextFormat, string>> = {
  hex: "hex",
  escapes: "a string with escapes",
  base64: "base64",
  dump: "a hex dump",
  packets: "packets as tcpdump prints them",
};

/** Reads a file or standard input: text if it is text, else bytes as they are. */
export function readDecodeBytes(bytes: Uint8Array, from: Role | undefined): DecodeInput {
  const capture = readCaptureFile(bytes);
  if (capture) {
    const { format, read } = capture;
    return read.ok ? readPackets(`a ${format} capture`, read.packets) : read;
  }
  const text = Buffer.from(bytes).toString("latin1");
  // Bytes that are text have no others than these; a stream of frames nearly always has.
  return /^[\t\r\n\x20-\x7e\x80-\xff]*$/.test(text) && !looksLikeFrames(bytes)
    ? readDecodeText(Buffer.from(bytes).toString("utf8"), from)
    : readRaw("raw bytes", bytes, from);
}

/** Reads text from the command line or a file. */
export function readDecodeText(text: string, from: Role | undefined): DecodeInput {
  const handshake = splitHandshakeText(text);
  if (handshake) {
    const { request, response } = handshake;
    const directions = {
      ...(request !== undefined && { client: createDirection(Buffer.from(request)) }),
      ...(response !== undefined && { server: createDirection(Buffer.from(response)) }),
    };
    return { ok: true, format: "a handshake", conversations: [{ directions }] };
  }
  const packets = readPacketText(text);
  if (packets.length > 0) return readPackets(formatNames.packets, packets);
  const parsed = parseByteText(text);
  return parsed.ok ? readRaw(formatNames[parsed.format], parsed.bytes, from) : parsed;
}

function readRaw(format: string, bytes: Uint8Array, from: Role | undefined): DecodeInput {
  const sender = guessSender(bytes, from);
  const directions = { [sender.role]: createDirection(bytes) };
  return { ok: true, format, conversations: [{ directions }], sender };
}

function readPackets(format: string, packets: readonly CapturedPacket[]): DecodeInput {
  return { ok: true, format, conversations: findConnections(packets).map(toConversation) };
}

function toConversation({ number, client, server, streams, startMs, end }: CapturedConnection): Conversation {
  return { capture: { number, client, server }, directions: streams, startMs, end };
}

function createDirection(bytes: Uint8Array): Direction {
  return { bytes, hasStart: true, missingBytes: 0, timeOf: () => undefined };
}

/** A text frame of a server can be all printable but for its first byte, which no text in UTF-8 begins with. */
function looksLikeFrames([first = 0]: Uint8Array): boolean {
  return first >= 0x80 && first <= 0xbf;
}
