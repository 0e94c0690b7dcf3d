/** Decodes one connection: the handshake, then the frames of both sides under what it agreed on, then how it ended. */
import type { Role } from "@antiphon/websocket";
import type { NegotiatedDeflate } from "@antiphon/websocket/frames";
import { type HandshakeInspection, inspectFrames, inspectHandshake } from "@antiphon/websocket/inspect";
import { collectFindings } from "./collect-findings.ts";
import type {
  Conversation,
  DecodedConversation,
  DecodedFrames,
  DecodedHandshake,
  DecodeOptions,
  Direction,
} from "./decoding.ts";
import { createMatchingRequest } from "./matching-request.ts";
import { readHeader, readStatus, type SplitHead, splitHead } from "./split-head.ts";

const sides: readonly Role[] = ["client", "server"];
/** Every byte is looked at one by one; this takes seconds. */
const maxDecodedBytes = 8 * 1024 * 1024;

type Heads = Partial<Readonly<Record<Role, SplitHead>>>;

export function decodeConversation(conversation: Conversation, options: DecodeOptions): DecodedConversation {
  const heads = findHeads(conversation);
  const handshake = judgeHandshake(conversation, heads);
  const agreed = handshake?.inspection.agreed?.deflate;
  const frames = isRefused(heads) ? [] : decodeFrames(conversation, heads, agreed ?? options.deflate);
  const findings = collectFindings({ conversation, handshake, frames });
  return { conversation, handshake, frames, findings };
}

/** Whether there is a WebSocket handshake, complete or not. */
export function hasHandshake(conversation: Conversation): boolean {
  const { client, server } = findHeads(conversation);
  const asks = client && readHeader(client, "sec-websocket-key") !== undefined;
  const asksPlainly = client && /websocket/i.test(readHeader(client, "upgrade") ?? "");
  return asks === true || asksPlainly === true || (server !== undefined && readStatus(server) === 101);
}

function findHeads({ directions }: Conversation): Heads {
  const heads: Partial<Record<Role, SplitHead>> = {};
  for (const side of sides) {
    const head = directions[side] && splitHead(directions[side].bytes, side);
    if (head) heads[side] = head;
  }
  return heads;
}

function isRefused({ server }: Heads): boolean {
  return server !== undefined && readStatus(server) !== 101;
}

function judgeHandshake({ directions }: Conversation, heads: Heads): DecodedHandshake | undefined {
  const { client, server } = heads;
  if (!client && !server) return undefined;
  const shown = sides.flatMap((sender) => {
    const head = heads[sender];
    return head ? [{ sender, lines: head.lines }] : [];
  });
  // The body of a refusal tells more than its status.
  const body = server && isRefused(heads) ? directions.server?.bytes.subarray(server.end) : undefined;
  const response = server && `${server.text}${Buffer.from(body ?? []).toString("latin1")}`;
  return { heads: shown, inspection: judge(client, server, response) };
}

function judge(
  client: SplitHead | undefined,
  server: SplitHead | undefined,
  response: string | undefined,
): HandshakeInspection {
  if (client || server === undefined) return inspectHandshake(client?.text ?? "", response);
  const extensions = readHeader(server, "sec-websocket-extensions");
  const offer = extensions === undefined ? undefined : "permessage-deflate; client_max_window_bits";
  const request = createMatchingRequest(offer, readHeader(server, "sec-websocket-protocol"));
  const { findings, agreed } = inspectHandshake(request.text, response);
  // Only the lost request's key could tell whether the accept value is right.
  const known = findings.filter(({ failure }) => failure.name !== "response-accept-mismatch");
  return { findings: known, expectedAccept: undefined, agreed: agreed ?? readAgreedDeflate(server) };
}

/** What the answer accepts, if nothing but its accept value keeps the client from agreeing. */
function readAgreedDeflate(server: SplitHead): HandshakeInspection["agreed"] {
  const extensions = readHeader(server, "sec-websocket-extensions");
  if (extensions === undefined) return undefined;
  const request = createMatchingRequest("permessage-deflate; client_max_window_bits", undefined);
  return inspectHandshake(request.text, request.answer(`Sec-WebSocket-Extensions: ${extensions}`)).agreed;
}

function decodeFrames(
  { directions, startMs }: Conversation,
  heads: Heads,
  deflate: boolean | NegotiatedDeflate,
): DecodedFrames[] {
  return sides.flatMap((sender) => {
    const direction = directions[sender];
    if (direction === undefined) return [];
    const start = heads[sender]?.end ?? 0;
    const bytes = direction.bytes.subarray(start, start + maxDecodedBytes);
    if (bytes.length === 0) return [];
    const isStreamStart = direction.hasStart || heads[sender] !== undefined;
    const inspection = inspectFrames(bytes, { sender, deflate, isStreamStart });
    const skippedBytes = direction.bytes.length - start - bytes.length;
    const timeOf = createClock(direction, start, startMs);
    return [{ sender, start, inspection, skippedBytes, timeOf }];
  });
}

function createClock(
  { timeOf }: Direction,
  start: number,
  startMs: number | undefined,
): DecodedFrames["timeOf"] {
  return (offset) => {
    const timeMs = timeOf(start + offset);
    return timeMs === undefined || startMs === undefined ? undefined : timeMs - startMs;
  };
}
