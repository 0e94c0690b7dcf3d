/**
 * Likely causes behind what a receiver sees: lengths that do not fit what follows, a compressor and a mask in the wrong
 * order, another protocol inside good frames. Every hint is a guess with a reason, and says so.
 */
import { engineFailures } from "../failures/engine-failures.ts";
import { mask } from "../frames/mask-payload.ts";
import { nodePrimitives } from "../node/primitives.ts";
import { FrameHeader, type HeaderContext } from "../protocol/frame-header.ts";
import { recogniseApplicationProtocol } from "./application-protocol.ts";
import type { InspectedMessage, InspectionHint } from "./frame-inspection.ts";
import { readFrameLayout } from "./frame-layout.ts";
import { previewBytes } from "./preview.ts";
import type { Replay } from "./receiver-replay.ts";
import type { WalkedFrame } from "./walk-frames.ts";

export interface HintSources {
  readonly input: Uint8Array;
  readonly walked: readonly WalkedFrame[];
  readonly replay: Replay;
  readonly messages: readonly InspectedMessage[];
  readonly context: HeaderContext;
}

/** All hints, in the order of their places. */
export function findHints(sources: HintSources): InspectionHint[] {
  const byteOrder = hintAtByteOrder(sources);
  const hints = [
    hintAtLongPayload(sources),
    byteOrder,
    // A length in the wrong byte order swallows whole frames too; it explains more.
    byteOrder ? undefined : hintAtShortPayload(sources),
    hintAtMaskedBeforeCompressed(sources),
    hintAtDataAfterClose(sources),
    ...hintsAtOtherProtocols(sources),
  ];
  return hints.filter((hint) => hint !== undefined).sort((a, b) => a.start - b.start);
}

/** The frame in which the receiver fails. */
function findFailedFrame({ walked, replay }: HintSources): number {
  const { stop } = replay;
  if (stop?.event.type !== "failed") return -1;
  return walked.findIndex(({ layout }) => layout.start <= stop.offset && stop.offset < layout.end);
}

function hintAtLongPayload(sources: HintSources): InspectionHint | undefined {
  const { input, walked, replay } = sources;
  const failed = findFailedFrame(sources);
  const stop = replay.stop?.event;
  if (stop?.type !== "failed") return undefined;
  // A text that was cut inside a character fails by itself; otherwise what follows it fails.
  const isCutText = stop.failure.name === "message-invalid-utf8";
  const short = walked[isCutText ? failed : failed - 1];
  if (short === undefined || short.payload.length === 0 || short.missingBytes !== 0) return undefined;
  const { payloadStart, maskingKey, end } = short.layout;
  const wire = input.subarray(payloadStart, payloadStart + maxLongerPayload);
  const longer = maskingKey ? mask(wire, maskingKey) : wire;
  const declaredBytes = short.payload.length;
  const bytesOfText = countBytesOfCharacters(longer, declaredBytes);
  const countsCharacters =
    bytesOfText !== undefined &&
    bytesOfText > declaredBytes &&
    startsFrame(sources, payloadStart + bytesOfText);
  const isSuspect = stop.failure.evidence["hint"] === "frame-payload-longer-than-length";
  if (!isSuspect && !countsCharacters) return undefined;
  const failure = engineFailures.create("frame-payload-longer-than-length", {
    declaredBytes,
    leftBytes: input.length - end,
  });
  const detail = countsCharacters
    ? `${previewBytes(longer.subarray(0, bytesOfText))} has ${declaredBytes} characters but ${bytesOfText} bytes`
    : describeLonger(longer, maskingKey !== undefined);
  return { failure, start: end, end: input.length, ...(detail !== undefined && { detail }) };
}

function describeLonger(longer: Uint8Array, masked: boolean): string | undefined {
  const preview = previewBytes(longer);
  if (!preview.startsWith('"')) return undefined;
  return `read on${masked ? " with the same key" : ""}, the payload is ${preview}`;
}

const maxLongerPayload = 4096;

/** Bytes that the first so many characters take in UTF-8; `undefined` if there are not so many, or it is not UTF-8. */
function countBytesOfCharacters(bytes: Uint8Array, characters: number): number | undefined {
  let at = 0;
  for (let count = 0; count < characters; count += 1) {
    const first = bytes[at];
    if (first === undefined) return undefined;
    at += first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  }
  return at <= bytes.length && nodePrimitives.isUtf8(bytes.subarray(0, at)) ? at : undefined;
}

function hintAtByteOrder({ input, walked, ...rest }: HintSources): InspectionHint | undefined {
  for (const { layout } of walked) {
    const { start, lengthEnd, payloadLength, payloadStart } = layout;
    const available = input.length - payloadStart;
    if (lengthEnd === start + 2 || payloadLength === undefined || payloadLength <= available) continue;
    let swappedBytes = 0;
    for (let at = lengthEnd - 1; at >= start + 2; at -= 1) swappedBytes = swappedBytes * 256 + input[at]!;
    const fits =
      swappedBytes <= available && startsFrame({ input, walked, ...rest }, payloadStart + swappedBytes);
    if (!fits) continue;
    const evidence = { declaredBytes: payloadLength, swappedBytes };
    const failure = engineFailures.create("frame-length-byte-order", evidence);
    return { failure, start: start + 2, end: lengthEnd };
  }
  return undefined;
}

/** Offsets at which an eaten frame is looked for. */
const maxSearchedBytes = 4096;

function hintAtShortPayload(sources: HintSources): InspectionHint | undefined {
  const { input, walked } = sources;
  const failed = findFailedFrame(sources);
  const suspect = failed < 0 ? walked.at(-1) : walked[failed];
  if (suspect === undefined || suspect.failures.size > 0 || suspect.payload.length === 0) return undefined;
  // A whole frame whose payload the receiver takes gives no reason to doubt its length.
  if (failed < 0 && suspect.missingBytes === 0) return undefined;
  const { payloadStart, payloadLength = 0, end } = suspect.layout;
  for (let at = Math.max(payloadStart + 1, end - maxSearchedBytes); at < end - 1; at += 1) {
    if (!framesReachEnd(sources, at)) continue;
    const evidence = { declaredBytes: payloadLength, foundBytes: at - payloadStart };
    const failure = engineFailures.create("frame-payload-shorter-than-length", evidence);
    return { failure, start: at, end: input.length };
  }
  return undefined;
}

/** Whether whole legal frames fill the bytes from `start` to the very end. */
function framesReachEnd(sources: HintSources, start: number): boolean {
  const { input } = sources;
  let at = start;
  while (at < input.length) {
    if (!startsFrame(sources, at)) return false;
    const { payloadStart, payloadLength } = readFrameLayout(input, at);
    if (payloadLength === undefined) return false;
    at = payloadStart + payloadLength;
  }
  return at === input.length;
}

/** Whether the bytes end here, or a header begins that this receiver would take. */
function startsFrame({ input, context }: HintSources, at: number): boolean {
  if (at === input.length) return true;
  return [undefined, { receivedBytes: 0, compressed: false }].some((openMessage) => {
    const place = { isStreamStart: false, followsPayload: false, openMessage };
    return typeof new FrameHeader().parse(input, at, input.length, context, place) !== "object";
  });
}

function hintAtMaskedBeforeCompressed(sources: HintSources): InspectionHint | undefined {
  const { input, walked, replay } = sources;
  const frame = walked[findFailedFrame(sources)];
  if (frame === undefined || replay.stop?.event.type !== "failed") return undefined;
  if (replay.stop.event.failure.name !== "deflate-data-corrupt") return undefined;
  const { payloadStart, end, maskingKey } = frame.layout;
  if (maskingKey === undefined || frame.opcode === 0 || !frame.fin) return undefined;
  const maxBytes = sources.context.maxMessageBytes;
  const masked = input.subarray(payloadStart, end);
  if (!nodePrimitives.deflate.inflate(masked, { windowBits: 15, maxBytes }).ok) return undefined;
  return { failure: engineFailures.create("deflate-masked-before-compressed"), start: payloadStart, end };
}

function hintAtDataAfterClose({ input, replay }: HintSources): InspectionHint | undefined {
  if (replay.stop?.event.type !== "close") return undefined;
  const start = replay.stop.offset + 1;
  const bytes = input.length - start;
  if (bytes === 0) return undefined;
  return { failure: engineFailures.create("data-after-close", { bytes }), start, end: input.length };
}

/** One per protocol is enough. */
function hintsAtOtherProtocols({ walked, messages }: HintSources): InspectionHint[] {
  const hints = new Map<string, InspectionHint>();
  for (const { data, frames } of messages) {
    const protocol = recogniseApplicationProtocol(data);
    if (protocol === undefined || hints.has(protocol)) continue;
    const failure = engineFailures.create("application-protocol-mismatch", { protocol });
    const start = walked[frames[0]]!.layout.start;
    hints.set(protocol, { failure, start, end: walked[frames[1]]!.layout.end });
  }
  return [...hints.values()];
}
