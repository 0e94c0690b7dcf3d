/** What was decoded, for programs: the same facts as the text, with bytes as hex. */
import type { InspectedFrame, InspectedMessage } from "@antiphon/websocket/inspect";
import type { DecodedConversation, DecodedFrames, Finding } from "./decoding.ts";

/** JSON-safe. */
export function toDecodingJson(format: string, decoded: readonly DecodedConversation[]): object {
  return { format, connections: decoded.map(toConnectionJson) };
}

function toConnectionJson({
  conversation,
  handshake,
  frames,
  findings,
  skipped,
}: DecodedConversation): object {
  const { capture, startMs, end } = conversation;
  return {
    ...capture,
    startMs,
    handshake: handshake && {
      heads: handshake.heads,
      expectedAccept: handshake.inspection.expectedAccept,
      agreed: handshake.inspection.agreed,
    },
    streams: frames.map(toStreamJson),
    end,
    skipped,
    findings: findings.map(toFindingJson),
  };
}

function toStreamJson({ sender, start, inspection, skippedBytes, timeOf }: DecodedFrames): object {
  const { frames, messages, outcome, warnings, hints } = inspection;
  return {
    sender,
    /** Offsets in frames count from here. */
    start,
    frames: frames.map((frame) => toFrameJson(frame, timeOf(frame.start))),
    messages: messages.map(toMessageJson),
    outcome,
    warnings,
    hints,
    skippedBytes: skippedBytes + inspection.skippedBytes,
  };
}

function toFrameJson({ payload, ...frame }: InspectedFrame, timeMs: number | undefined): object {
  return { ...frame, timeMs, payload: Buffer.from(payload).toString("hex") };
}

function toMessageJson({ data, ...message }: InspectedMessage): object {
  return {
    ...message,
    ...(typeof data === "string" ? { text: data } : { hex: Buffer.from(data).toString("hex") }),
  };
}

function toFindingJson({ failure, where, detail }: Finding): object {
  return { ...failure, where, detail };
}
