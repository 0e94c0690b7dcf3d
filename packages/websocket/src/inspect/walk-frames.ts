/**
 * All frames of some bytes, one behind the other, whether or not a receiver would get that far: layout, unmasked payload,
 * and the header rules that each breaks. Called by `inspectFrames` with a copy of the input.
 */
import type { Failure } from "../failures/failure.ts";
import { mask } from "../frames/mask-payload.ts";
import type { HeaderContext, StreamPlace } from "../protocol/frame-header.ts";
import { opcodes } from "../protocol/opcodes.ts";
import type { FieldName } from "./frame-inspection.ts";
import { countMissingBytes, type FrameLayout, readFrameLayout } from "./frame-layout.ts";
import { judgeHeaderFields } from "./header-judgement.ts";

export interface WalkedFrame {
  readonly layout: FrameLayout;
  readonly opcode: number;
  readonly fin: boolean;
  readonly payload: Uint8Array;
  readonly missingBytes: number | undefined;
  /** Whether the payload is (part of) a compressed message. */
  readonly compressed: boolean;
  /** Broken header rules by field, the receiver's own first. */
  readonly failures: ReadonlyMap<FieldName, Failure>;
}

export interface WalkOptions {
  readonly context: HeaderContext;
  /** A lone first byte may still turn out to be another protocol's, so it is not judged yet. */
  readonly isStreamStart: boolean;
  readonly maxFrames: number;
}

/** Lays out at most `maxFrames` frames; the last may be cut short. */
export function walkFrames(bytes: Uint8Array, options: WalkOptions): WalkedFrame[] {
  const { context, isStreamStart, maxFrames } = options;
  const frames: WalkedFrame[] = [];
  let place: StreamPlace = { isStreamStart, followsPayload: false, openMessage: undefined };
  for (let at = 0; at < bytes.length && frames.length < maxFrames; ) {
    const frame = walkFrame(bytes, at, context, place);
    frames.push(frame);
    place = placeBehind(frame, { ...place, isStreamStart: false });
    at = frame.layout.end;
  }
  return frames;
}

function walkFrame(
  bytes: Uint8Array,
  start: number,
  context: HeaderContext,
  place: StreamPlace,
): WalkedFrame {
  const layout = readFrameLayout(bytes, start);
  const { payloadStart, end, maskingKey, first } = layout;
  const opcode = first & 0x0f;
  const wirePayload = bytes.slice(Math.min(payloadStart, end), end);
  const startsCompressed = (first & 0x40) !== 0 && (opcode === opcodes.text || opcode === opcodes.binary);
  return {
    layout,
    opcode,
    fin: (first & 0x80) !== 0,
    payload: maskingKey ? mask(wirePayload, maskingKey) : wirePayload,
    missingBytes: countMissingBytes(layout, bytes.length),
    compressed: opcode === opcodes.continuation ? (place.openMessage?.compressed ?? false) : startsCompressed,
    failures: judgeHeaderFields(bytes.subarray(start, Math.min(payloadStart, end)), context, place),
  };
}

function placeBehind(frame: WalkedFrame, place: StreamPlace): StreamPlace {
  const { opcode, fin, compressed } = frame;
  const payloadLength = frame.layout.payloadLength ?? 0;
  const followsPayload = payloadLength > 0;
  if (opcode > opcodes.binary) return { ...place, followsPayload };
  const isContinuation = opcode === opcodes.continuation;
  if (fin || (isContinuation && place.openMessage === undefined)) {
    return { ...place, followsPayload, openMessage: undefined };
  }
  const before = isContinuation ? (place.openMessage?.receivedBytes ?? 0) : 0;
  return { ...place, followsPayload, openMessage: { receivedBytes: before + payloadLength, compressed } };
}
