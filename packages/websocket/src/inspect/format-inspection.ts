/**
 * An inspection as plain text, one line per field that matters: what `antiphon decode` and the docs show. Reserved bits
 * that are 0 are left out, as is everything that repeats the line before.
 */
import type { FrameInspection, InspectedField, InspectedFrame, InspectionHint } from "./frame-inspection.ts";
import { previewBytes, previewText } from "./preview.ts";

/** Formats an inspection; lines end in LF, without one at the end. */
export function formatFrameInspection(inspection: FrameInspection): string {
  const { frames, messages, warnings, hints, skippedBytes } = inspection;
  const lines = frames.flatMap((frame) => [...formatFrame(frame), ""]);
  if (skippedBytes > 0) lines.push(`${skippedBytes} more bytes are not described`, "");
  for (const { type, data, compressed, frames: range } of messages) {
    const shown = typeof data === "string" ? previewText(data) : previewBytes(data);
    const span = range[0] === range[1] ? `frame ${range[0]}` : `frames ${range[0]} to ${range[1]}`;
    lines.push(`message: ${compressed ? "compressed " : ""}${type} ${shown} (${span})`);
  }
  lines.push(`outcome: ${formatOutcome(inspection)}`);
  for (const warning of warnings) lines.push(formatHint("warning", warning));
  for (const hint of hints) lines.push(formatHint("hint", hint));
  return lines.join("\n");
}

function formatFrame(frame: InspectedFrame): string[] {
  const { index, start, end, summary, isRead, fields } = frame;
  const head = `frame ${index}, bytes ${start} to ${end - 1}: ${summary}${isRead ? "" : " (never read)"}`;
  const shown = fields.filter(({ name, value, failure }) => {
    return failure !== undefined || !name.startsWith("rsv") || value !== false;
  });
  return [head, ...shown.map(formatField)];
}

function formatField({ start, hex, name, value, meaning, failure }: InspectedField): string {
  const shown = typeof value === "boolean" ? Number(value) : value;
  // A long payload is shown by its value; the bytes of a header are few.
  const bytes = hex.length > maxShownHex ? `${hex.slice(0, maxShownHex - 3)}...` : hex;
  const line = `  ${String(start).padStart(4)}  ${bytes.padEnd(maxShownHex)}  ${name.padEnd(15)}  ${shown}  ${meaning}`;
  return failure === undefined ? line : `${line}  <- ${failure.name}`;
}

const maxShownHex = 23;

function formatOutcome({ outcome, receiver }: FrameInspection): string {
  if (outcome.status === "failed") {
    const { failure, offset } = outcome;
    const close = failure.closeCode === undefined ? "" : ` and closes with ${failure.closeCode}`;
    return `the ${receiver} stops at byte ${offset}${close}: ${failure.name}. ${failure.message} ${failure.fix}`;
  }
  if (outcome.status === "closed") {
    const { code, reason } = outcome;
    const said = code === undefined ? "without a code" : `with ${code}${reason && ` ${previewText(reason)}`}`;
    return `the Close frame ends the connection ${said}`;
  }
  if (outcome.status === "incomplete") return `the ${receiver} waits for the rest of a frame`;
  return `the ${receiver} reads all of it${outcome.isMessageOpen ? " and waits for the rest of a message" : ""}`;
}

function formatHint(kind: string, { failure, detail }: InspectionHint): string {
  return `${kind}: ${failure.name}. ${failure.message}${detail === undefined ? "" : ` (${detail})`} ${failure.fix}`;
}
