/**
 * All rules that a frame's header breaks, field by field. The engine's header parser stops at the first broken rule; here
 * that field is put right in a copy and the parser asked again, so every verdict is the engine's own.
 */
import { type EngineFailureName, engineFailures } from "../failures/engine-failures.ts";
import type { Failure } from "../failures/failure.ts";
import { FrameHeader, type HeaderContext, type StreamPlace } from "../protocol/frame-header.ts";
import { opcodes } from "../protocol/opcodes.ts";
import type { FieldName } from "./frame-inspection.ts";

/** A header in the course of being put right. */
interface Attempt {
  first: number;
  context: HeaderContext;
  place: StreamPlace;
}

interface Blame {
  readonly field: FieldName;
  /** Puts the field right; without it nothing behind the field can be judged. */
  readonly repair?: (attempt: Attempt) => void;
}

const asData = (attempt: Attempt): void => {
  attempt.first = (attempt.first & 0xf0) | opcodes.binary;
  attempt.place = { ...attempt.place, openMessage: undefined };
};
const expectOtherMasking = (attempt: Attempt): void => {
  const role = attempt.context.role === "client" ? "server" : "client";
  attempt.context = { ...attempt.context, role };
};
const clearRsv1 = (attempt: Attempt): void => {
  attempt.first &= ~0x40;
};

const blames: Partial<Record<EngineFailureName, Blame>> = {
  "frame-rsv2-rsv3-set": { field: "rsv2", repair: (attempt) => void (attempt.first &= ~0x30) },
  "frame-rsv1-without-deflate": { field: "rsv1", repair: clearRsv1 },
  "frame-rsv1-on-control": { field: "rsv1", repair: clearRsv1 },
  "frame-rsv1-on-continuation": { field: "rsv1", repair: clearRsv1 },
  "frame-opcode-reserved": { field: "opcode", repair: asData },
  "frame-control-fragmented": { field: "fin", repair: (attempt) => void (attempt.first |= 0x80) },
  "frame-continuation-unexpected": { field: "opcode", repair: asData },
  "frame-continuation-expected": { field: "opcode", repair: asData },
  "frame-unmasked-from-client": { field: "mask", repair: expectOtherMasking },
  "frame-masked-from-server": { field: "mask", repair: expectOtherMasking },
  "frame-control-too-long": { field: "length", repair: asData },
  "close-payload-one-byte": { field: "length" },
  "frame-length-not-minimal": {
    field: "extended-length",
    repair: (attempt) => void (attempt.context = { ...attempt.context, allowNonMinimalLength: true }),
  },
  "frame-length-msb-set": { field: "extended-length" },
  "frame-length-unsupported": { field: "extended-length" },
  "frame-too-large": { field: "length" },
  "message-too-large": { field: "length" },
  "message-type-not-accepted": { field: "opcode" },
};

/** The broken rules of the header in `header`, which may be cut short, by field. The first is what a receiver reports. */
export function judgeHeaderFields(
  header: Uint8Array,
  context: HeaderContext,
  place: StreamPlace,
): ReadonlyMap<FieldName, Failure> {
  const found = new Map<FieldName, Failure>();
  const attempt: Attempt = { first: header[0]!, context, place };
  const copy = Uint8Array.from(header);
  // Each repair removes the rule it answers, so there are never more rounds than rules.
  for (let round = 0; round < Object.keys(blames).length; round += 1) {
    copy[0] = attempt.first;
    const judged = new FrameHeader().parse(copy, 0, copy.length, attempt.context, attempt.place);
    if (typeof judged !== "object") break;
    // The header parser raises engine failures only.
    const blame = blames[judged.name as EngineFailureName];
    if (blame === undefined) break;
    const failure = restate(judged, header[0]! & 0x0f);
    for (const field of fieldsOf(blame.field, failure, header)) {
      if (!found.has(field)) found.set(field, failure);
    }
    if (blame.repair === undefined) break;
    blame.repair(attempt);
    attempt.place = { ...attempt.place, isStreamStart: false };
  }
  return found;
}

/** The failure with the frame's real opcode, which a repair may have changed for the parser. */
function restate(judged: Failure, opcode: number): Failure {
  if (judged.name === "frame-unmasked-from-client" || judged.name === "frame-masked-from-server") {
    return engineFailures.create(judged.name, { opcode });
  }
  return judged;
}

/** Two rules cover more than one field, or one of two. */
function fieldsOf(field: FieldName, failure: Failure, header: Uint8Array): readonly FieldName[] {
  if (failure.name === "frame-rsv2-rsv3-set") {
    const rsv2 = (header[0]! & 0x20) !== 0;
    const rsv3 = (header[0]! & 0x10) !== 0;
    return rsv2 && rsv3 ? ["rsv2", "rsv3"] : [rsv2 ? "rsv2" : "rsv3"];
  }
  const isExtended = ((header[1] ?? 0) & 0x7f) > 125;
  const isSize = failure.name === "frame-too-large" || failure.name === "message-too-large";
  return [isSize && isExtended ? "extended-length" : field];
}
