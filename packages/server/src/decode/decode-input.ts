/**
 * What people hand to `decode`, told apart: captures, handshakes as text, and bytes in any spelling. Bytes or text in,
 * conversations out.
 */
import { isUtf8 } from "node:buffer";
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
  return isText(bytes)
    ? readDecodeText(Buffer.from(bytes).toString("utf8"), from)
    : readRaw("raw bytes", bytes, from);
}

/** Frames hardly ever are: the first byte of a whole message begins no character of UTF-8. */
function isText(bytes: Uint8Array): boolean {
  return isUtf8(bytes) && bytes.every((byte) => byte >= 0x20 || whiteSpace.has(byte));
}

const whiteSpace: ReadonlySet<number> = new Set([0x09, 0x0a, 0x0d]);

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
