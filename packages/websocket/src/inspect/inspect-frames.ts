/**
 * The frames in some bytes, explained: every field with its place and meaning, the messages a receiver gets, where and why
 * it stops, and what probably went wrong. The verdicts are the engine's own; the description goes on where it stops.
 */
import { engineFailures } from "../failures/engine-failures.ts";
import type { Failure } from "../failures/failure.ts";
import { oppositeRole, requireRole } from "../frames/frame-side.ts";
import { resolveDeflate } from "../frames/receiving-protocol.ts";
import { defaultConnectionSettings } from "../node/connection-settings.ts";
import type { HeaderContext } from "../protocol/frame-header.ts";
import { opcodes } from "../protocol/opcodes.ts";
import { describeFields, nameOpcode } from "./frame-fields.ts";
import { findHints } from "./frame-hints.ts";
import type {
  FieldName,
  FrameInspection,
  InspectedFrame,
  InspectedMessage,
  InspectionHint,
  InspectionOutcome,
  InspectOptions,
} from "./frame-inspection.ts";
import { formatHex, previewBytes } from "./preview.ts";
import { failureOf, type Replay, replayReceiver } from "./receiver-replay.ts";
import { type WalkedFrame, walkFrames } from "./walk-frames.ts";

const defaultMaxFrames = 10_000;

/**
 * Explains the bytes that one side sent. They are copied and not changed; no bytes make it throw.
 * @throws FailureError `frame-role-missing` for a sender that is neither.
 */
export function inspectFrames(bytes: Uint8Array, options: InspectOptions): FrameInspection {
  const { sender, isStreamStart = true, maxFrames = defaultMaxFrames } = options;
  requireRole(sender);
  const receiver = oppositeRole(sender);
  const input = Uint8Array.from(bytes);
  const replay = replayReceiver(input, { ...options, role: receiver }, isStreamStart);
  const failure = failureOf(replay);
  if (failure !== undefined && isForeign(failure)) {
    const frames = [describeForeign(input, failure)];
    const outcome = judgeOutcome(input, replay);
    return { sender, receiver, frames, messages: [], outcome, warnings: [], hints: [], skippedBytes: 0 };
  }
  const context = createContext(options);
  const walked = walkFrames(input, { context, isStreamStart, maxFrames });
  const messages = collectMessages(walked, replay);
  return {
    sender,
    receiver,
    frames: walked.map((frame, index) => describeFrame(input, frame, index, options, replay)),
    messages,
    outcome: judgeOutcome(input, replay),
    warnings: collectWarnings(walked, replay),
    hints: findHints({ input, walked, replay, messages, context }),
    skippedBytes: input.length - (walked.at(-1)?.layout.end ?? 0),
  };
}

function createContext({ sender, deflate, strictness, limits }: InspectOptions): HeaderContext {
  const { accepts, maxFrameBytes, maxMessageBytes } = { ...defaultConnectionSettings, ...limits };
  return {
    role: oppositeRole(sender),
    deflateNegotiated: resolveDeflate(deflate) !== undefined,
    allowNonMinimalLength: strictness === "compat",
    maxFrameBytes,
    maxMessageBytes,
    acceptsText: accepts.includes("text"),
    acceptsBinary: accepts.includes("binary"),
  };
}

function isForeign({ name }: Failure): boolean {
  return name === "stream-not-websocket" || name === "http-response-after-101";
}

function describeForeign(input: Uint8Array, failure: Failure): InspectedFrame {
  const field = {
    name: "not-a-frame" as const,
    start: 0,
    end: input.length,
    hex: formatHex(input),
    value: previewBytes(input),
    meaning: failure.message,
    failure,
  };
  return {
    index: 0,
    start: 0,
    end: input.length,
    missingBytes: 0,
    isRead: true,
    summary: "not a frame",
    fields: [field],
    payload: new Uint8Array(0),
  };
}

/** Failures that show only in the payload, or only in the run of frames, and the field to show them at. */
const laterFailures: Readonly<Record<string, FieldName>> = {
  "message-invalid-utf8": "payload",
  "deflate-data-corrupt": "payload",
  "deflate-gzip-or-zlib-header": "payload",
  "deflate-bomb": "payload",
  "message-too-many-fragments": "fin",
  "message-empty-fragment-flood": "fin",
} satisfies Partial<Record<keyof typeof engineFailures.definitions, FieldName>>;

function describeFrame(
  bytes: Uint8Array,
  walked: WalkedFrame,
  index: number,
  { sender }: InspectOptions,
  { stop }: Replay,
): InspectedFrame {
  const { layout, payload, missingBytes, opcode, fin, compressed } = walked;
  const { start, end, second } = layout;
  const failures = new Map(walked.failures);
  if (stop?.event.type === "failed" && start <= stop.offset && stop.offset < end) {
    const field = laterFailures[stop.event.failure.name];
    if (field !== undefined) failures.set(field, stop.event.failure);
  }
  const masking = second === undefined ? "cut-off" : second >= 0x80 ? "masked" : "unmasked";
  const parts = [masking, ...(compressed ? ["compressed"] : []), nameOpcode(opcode), "frame"];
  return {
    index,
    start,
    end,
    missingBytes,
    isRead: stop === undefined || start <= stop.offset,
    summary: `${parts.join(" ")}${fin || opcode > opcodes.binary ? "" : ", not the last of its message"}`,
    fields: describeFields({ bytes, layout, sender, payload, compressed, missingBytes, failures }),
    payload,
  };
}

function judgeOutcome(input: Uint8Array, replay: Replay): InspectionOutcome {
  const { stop, isMessageOpen, endsInsideFrame } = replay;
  if (stop === undefined) {
    return endsInsideFrame ? { status: "incomplete" } : { status: "complete", isMessageOpen };
  }
  const { event, offset } = stop;
  const unreadBytes = input.length - offset - 1;
  if (event.type === "failed") return { status: "failed", offset, failure: event.failure, unreadBytes };
  const { code, reason } = event.type === "close" ? event.close : { code: undefined, reason: "" };
  return { status: "closed", offset, code, reason, unreadBytes };
}

function collectMessages(walked: readonly WalkedFrame[], replay: Replay): InspectedMessage[] {
  const frameByLastByte = new Map(walked.map(({ layout }, index) => [layout.end - 1, index]));
  const messages: InspectedMessage[] = [];
  for (const { event, offset } of replay.events) {
    const last = frameByLastByte.get(offset);
    if (event.type !== "message" || last === undefined) continue;
    const { data, compressed, fragments } = event;
    const type = typeof data === "string" ? "text" : "binary";
    messages.push({ type, data, compressed, frames: [findFirstFrame(walked, last, fragments), last] });
  }
  return messages;
}

/** Control frames between the fragments do not count. */
function findFirstFrame(walked: readonly WalkedFrame[], last: number, fragments: number): number {
  let index = last;
  for (let left = fragments - 1; left > 0; ) {
    index -= 1;
    if (walked[index]!.opcode <= opcodes.binary) left -= 1;
  }
  return index;
}

function collectWarnings(walked: readonly WalkedFrame[], replay: Replay): InspectionHint[] {
  const warnings: InspectionHint[] = [];
  for (const { event, offset } of replay.events) {
    if (event.type !== "warning") continue;
    const frame = walked.find(({ layout }) => layout.start <= offset && offset < layout.end);
    if (frame) warnings.push({ failure: event.failure, start: frame.layout.start, end: frame.layout.end });
  }
  return warnings;
}
