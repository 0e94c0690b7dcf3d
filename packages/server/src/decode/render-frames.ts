/** The frames of one side as text: a table of every frame's fields, then the messages and how far a receiver reads. */
import type {
  InspectedField,
  InspectedFrame,
  InspectedMessage,
  InspectionHint,
  InspectionOutcome,
} from "@antiphon/websocket/inspect";
import type { StyleText } from "../cli/text-style.ts";
import { escapeUnsafe } from "../cli/safe-text.ts";
import type { DecodedFrames } from "./decoding.ts";
import { formatBits, formatDuration, shorten, shortenHex } from "./format-value.ts";

export interface FrameView {
  readonly style: StyleText;
  /** Frames that are shown at most; those with a fault are shown in any case. */
  readonly maxFrames: number;
  /** In front of the number of a frame, where both sides are shown: `client `. */
  readonly prefix: string;
}

/** Lines without their ends. */
export function renderFrames(decoded: DecodedFrames, view: FrameView): string[] {
  const { inspection, skippedBytes } = decoded;
  const lines = [view.style("dim", tableHead), ""];
  let hidden = 0;
  for (const frame of inspection.frames) {
    const isFaulty = frame.isRead && frame.fields.some(({ failure }) => failure !== undefined);
    if (frame.index >= view.maxFrames && !isFaulty) hidden += 1;
    else lines.push(...renderFrame(frame, decoded, view), "");
  }
  if (hidden > 0) lines.push(`${hidden} more frames are not shown; --all shows them.`, "");
  const unread = skippedBytes + inspection.skippedBytes;
  if (unread > 0) lines.push(`${unread} more bytes are not described.`, "");
  return [...lines, ...renderConclusion(decoded, view)];
}

function renderFrame(frame: InspectedFrame, { start, timeOf }: DecodedFrames, view: FrameView): string[] {
  const { style, prefix } = view;
  const time = timeOf(frame.start);
  const at = time === undefined ? "" : `, ${formatDuration(time)}`;
  const place = `${prefix}frame ${frame.index}, bytes ${start + frame.start} to ${start + frame.end - 1}${at}`;
  const missing = frame.missingBytes ? `, ${frame.missingBytes} bytes are missing` : "";
  const unread = frame.isRead ? "" : " (never read)";
  const shown = frame.fields.filter(isWorthShowing);
  const valueWidth = Math.min(
    maxValueWidth,
    Math.max(...shown.map(({ value }) => formatValue(value).length)),
  );
  return [
    `${style("bold", place)}: ${frame.summary}${missing}${unread}`,
    ...shown.map((field, index) => renderField(field, shown[index - 1], { start, style, valueWidth })),
  ];
}

/** Reserved bits say nothing as long as they are 0. */
function isWorthShowing({ name, value, failure }: InspectedField): boolean {
  return failure !== undefined || !name.startsWith("rsv") || value !== false;
}

const maxValueWidth = 24;
const maxHexBytes = 8;
const tableHead = `${"offset  hex".padEnd(maxHexBytes * 3 + 7)}  ${"bits".padEnd(8)}  ${"field".padEnd(15)}  value and meaning`;
const maxValueCharacters = 70;

interface RowView {
  readonly start: number;
  readonly style: StyleText;
  readonly valueWidth: number;
}

function renderField(field: InspectedField, above: InspectedField | undefined, row: RowView): string {
  const { start, style, valueWidth } = row;
  const { name, hex, bits, meaning, failure } = field;
  // The bits of one byte stand below each other; the byte itself is shown once.
  const isSameByte = above?.bits !== undefined && bits !== undefined && above.start === field.start;
  const offset = isSameByte ? "" : String(start + field.start);
  const bytes = isSameByte ? "" : shortenHex(hex, maxHexBytes);
  const mark = failure === undefined ? "" : `  ${style("red", `<- ${failure.name}`)}`;
  const cells = [
    style("dim", offset.padStart(6)),
    style("cyan", bytes.padEnd(maxHexBytes * 3 - 1)),
    (bits === undefined ? "" : formatBits(hex, bits)).padEnd(8),
    name.padEnd(15),
    formatValue(field.value).padEnd(valueWidth),
    escapeUnsafe(meaning),
  ];
  return `${cells.join("  ")}${mark}`;
}

function formatValue(value: InspectedField["value"]): string {
  return escapeUnsafe(
    typeof value === "boolean" ? String(Number(value)) : shorten(String(value), maxValueCharacters),
  );
}

function renderConclusion({ inspection, start }: DecodedFrames, { prefix, maxFrames }: FrameView): string[] {
  const { messages, outcome, receiver, warnings, hints } = inspection;
  const shown = messages.slice(0, maxFrames).map((message) => renderMessage(message, prefix));
  const more = messages.length - shown.length;
  return [
    ...shown,
    ...(more > 0 ? [`${more} more messages`] : []),
    `outcome: ${formatOutcome(outcome, receiver, start)}`,
    ...warnings.map((warning) => renderHint("warning", warning)),
    ...hints.map((hint) => renderHint("hint", hint)),
  ];
}

function renderMessage({ type, data, compressed, frames }: InspectedMessage, prefix: string): string {
  const shown = typeof data === "string" ? quote(data) : formatBinary(data);
  const span = frames[0] === frames[1] ? `frame ${frames[0]}` : `frames ${frames[0]} to ${frames[1]}`;
  return `message: ${compressed ? "compressed " : ""}${type} ${escapeUnsafe(shown)} (${prefix}${span})`;
}

const maxTextCharacters = 64;

function quote(text: string): string {
  const isCut = text.length > maxTextCharacters;
  return `${JSON.stringify(text.slice(0, maxTextCharacters))}${isCut ? "..." : ""}`;
}

function formatBinary(data: Uint8Array): string {
  return data.length === 0 ? "empty" : shortenHex(Buffer.from(data.subarray(0, 64)).toString("hex"), 64);
}

function formatOutcome(outcome: InspectionOutcome, receiver: string, start: number): string {
  switch (outcome.status) {
    case "failed": {
      const { failure, offset } = outcome;
      const close = failure.closeCode === undefined ? "" : ` and closes with ${failure.closeCode}`;
      return `the ${receiver} stops at byte ${start + offset}${close}: ${failure.name}. ${failure.message}`;
    }
    case "closed": {
      const { code, reason } = outcome;
      const quoted = reason === "" ? "" : ` ${escapeUnsafe(JSON.stringify(reason))}`;
      return `the Close frame ends the connection ${code === undefined ? "without a code" : `with ${code}${quoted}`}`;
    }
    case "incomplete":
      return `the ${receiver} waits for the rest of a frame`;
    default:
      return `the ${receiver} reads all of it${outcome.isMessageOpen ? " and waits for the rest of a message" : ""}`;
  }
}

function renderHint(kind: string, { failure, detail }: InspectionHint): string {
  return `${kind}: ${failure.name}. ${failure.message}${detail === undefined ? "" : ` (${escapeUnsafe(detail)})`}`;
}
