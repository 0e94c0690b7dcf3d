/** The labelled ranges of one frame: every field with its place, value and meaning, and the rule it breaks, if any. */
import type { Failure } from "../failures/failure.ts";
import { describeCloseCode } from "../frames/close-code-meaning.ts";
import { readClosePayload } from "../frames/close-payload.ts";
import { nodePrimitives } from "../node/primitives.ts";
import { opcodes, type Role } from "../protocol/opcodes.ts";
import type { FieldName, InspectedField } from "./frame-inspection.ts";
import type { FrameLayout } from "./frame-layout.ts";
import { formatHex, previewBytes } from "./preview.ts";

export interface FrameToDescribe {
  readonly bytes: Uint8Array;
  readonly layout: FrameLayout;
  readonly sender: Role;
  /** Unmasked, as far as it is there. */
  readonly payload: Uint8Array;
  /** Whether the payload is (part of) a compressed message. */
  readonly compressed: boolean;
  readonly missingBytes: number | undefined;
  readonly failures: ReadonlyMap<FieldName, Failure>;
}

type Described = Pick<InspectedField, "value" | "meaning">;

const opcodeMeanings: Readonly<Record<number, string>> = {
  [opcodes.continuation]: "continuation of the message that was begun",
  [opcodes.text]: "text",
  [opcodes.binary]: "binary",
  [opcodes.close]: "Close",
  [opcodes.ping]: "ping",
  [opcodes.pong]: "pong",
};

/** Names an opcode as part of a sentence. */
export function nameOpcode(opcode: number): string {
  return opcode === opcodes.continuation ? "continuation" : (opcodeMeanings[opcode] ?? `opcode ${opcode}`);
}

/** Describes all fields that are there, in the order of the wire. */
export function describeFields(frame: FrameToDescribe): InspectedField[] {
  const { layout } = frame;
  const { start, second, lengthEnd, payloadStart, end } = layout;
  const fields = describeFirstByte(frame);
  if (second === undefined) return fields;
  fields.push(...describeSecondByte(frame, second));
  if (lengthEnd > start + 2 && end > start + 2) {
    fields.push(
      makeField(frame, "extended-length", start + 2, Math.min(end, lengthEnd), describeLength(layout)),
    );
  }
  if (payloadStart > lengthEnd && end > lengthEnd) {
    fields.push(makeField(frame, "masking-key", lengthEnd, Math.min(end, payloadStart), describeKey(layout)));
  }
  if (frame.missingBytes !== undefined) fields.push(...describePayload(frame));
  return fields;
}

function describeFirstByte(frame: FrameToDescribe): InspectedField[] {
  const { start, first } = frame.layout;
  const opcode = first & 0x0f;
  const fin = (first & 0x80) !== 0;
  const rsv1 = (first & 0x40) !== 0;
  const bit = (name: FieldName, at: number, value: boolean, meaning: string): InspectedField =>
    makeField(frame, name, start, start + 1, { value, meaning }, [at, at]);
  return [
    bit("fin", 0, fin, fin ? "last frame of its message" : "more frames of this message follow"),
    bit("rsv1", 1, rsv1, rsv1 ? "marked as a compressed message" : "not marked as compressed"),
    bit("rsv2", 2, (first & 0x20) !== 0, "reserved, must be 0"),
    bit("rsv3", 3, (first & 0x10) !== 0, "reserved, must be 0"),
    makeField(
      frame,
      "opcode",
      start,
      start + 1,
      { value: opcode, meaning: opcodeMeanings[opcode] ?? "reserved, no standard defines it" },
      [4, 7],
    ),
  ];
}

function describeSecondByte(frame: FrameToDescribe, second: number): InspectedField[] {
  const { start } = frame.layout;
  const masked = second >= 0x80;
  const shortLength = second & 0x7f;
  const sender = frame.sender === "client" ? "a client must mask" : "a server must not mask";
  const mask: Described = { value: masked, meaning: `${masked ? "masked" : "not masked"}; ${sender}` };
  const length: Described = {
    value: shortLength,
    meaning:
      shortLength < 126
        ? formatCount(shortLength)
        : `the length is in the next ${shortLength === 126 ? 2 : 8} bytes`,
  };
  return [
    makeField(frame, "mask", start + 1, start + 2, mask, [0, 0]),
    makeField(frame, "length", start + 1, start + 2, length, [1, 7]),
  ];
}

function describeLength({ payloadLength, start, lengthEnd }: FrameLayout): Described {
  if (payloadLength !== undefined) return { value: payloadLength, meaning: formatCount(payloadLength) };
  return { value: "incomplete", meaning: `the start of a length of ${lengthEnd - start - 2} bytes` };
}

/** Keys that libraries are known to use for every frame. */
const constantKeys: ReadonlyMap<string, string> = new Map([
  ["32 35 38 45", 'the ASCII text "258E", which Swoole and Swow put into every frame; it must be random'],
  ["00 00 00 00", "all zero, a constant that some libraries put into every frame; it must be random"],
]);

function describeKey({ maskingKey }: FrameLayout): Described {
  if (maskingKey === undefined) return { value: "incomplete", meaning: "the start of a masking key" };
  const value = formatHex(maskingKey);
  return {
    value,
    meaning:
      constantKeys.get(value) ?? "key of this frame; byte i of the payload XOR byte i mod 4 of the key",
  };
}

function describePayload(frame: FrameToDescribe): InspectedField[] {
  const { layout, payload, compressed } = frame;
  const { payloadStart, end, first } = layout;
  if ((first & 0x0f) === opcodes.close && payload.length >= 2) return describeClose(frame);
  const parts = [compressed ? describeCompressed(frame) : layout.maskingKey ? "unmasked" : "as sent"];
  if (frame.missingBytes) parts.push(`${formatCount(frame.missingBytes)} more are missing`);
  const described = { value: previewBytes(payload), meaning: parts.join("; ") };
  return [makeField(frame, "payload", payloadStart, end, described)];
}

const maxInflatedPreview = 65_536;

/** What a message in one frame inflates to, if it refers to nothing before it. */
function describeCompressed({ layout, payload, missingBytes }: FrameToDescribe): string {
  const isWhole =
    missingBytes === 0 && layout.first >= 0x80 && (layout.first & 0x0f) !== opcodes.continuation;
  if (!isWhole) return "compressed";
  const options = { windowBits: 15, maxBytes: maxInflatedPreview };
  const inflated = nodePrimitives.deflate.inflate(payload, options);
  return inflated.ok ? `compressed; inflates to ${previewBytes(inflated.data)}` : "compressed";
}

function describeClose(frame: FrameToDescribe): InspectedField[] {
  const { layout, payload } = frame;
  const { payloadStart, end } = layout;
  const code = payload[0]! * 256 + payload[1]!;
  const { name, meaning } = describeCloseCode(code);
  const judged = frame.missingBytes === 0 ? readClosePayload(payload) : undefined;
  const failure = judged !== undefined && "name" in judged ? judged : undefined;
  const isReason = failure?.name === "close-reason-invalid-utf8";
  const fields = [
    addFailure(
      makeField(frame, "close-code", payloadStart, payloadStart + 2, {
        value: code,
        meaning: `${name}: ${meaning}`,
      }),
      isReason ? undefined : failure,
    ),
  ];
  if (payload.length > 2) {
    const reason = previewBytes(payload.subarray(2));
    const field = makeField(frame, "close-reason", payloadStart + 2, end, {
      value: reason,
      meaning: "reason",
    });
    fields.push(addFailure(field, isReason ? failure : undefined));
  }
  return fields;
}

function makeField(
  { bytes, failures }: FrameToDescribe,
  name: FieldName,
  start: number,
  end: number,
  described: Described,
  bits?: readonly [number, number],
): InspectedField {
  const hex = formatHex(bytes.subarray(start, end));
  const field: InspectedField = { name, start, end, ...(bits && { bits }), hex, ...described };
  return addFailure(field, failures.get(name));
}

/** The field with the rule it breaks, unless it is known to break one already. */
export function addFailure(field: InspectedField, failure: Failure | undefined): InspectedField {
  return failure === undefined || field.failure ? field : { ...field, failure };
}

function formatCount(bytes: number): string {
  return bytes === 1 ? "1 byte" : `${bytes} bytes`;
}
