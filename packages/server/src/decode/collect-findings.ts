/** Everything that is wrong with a connection, or worth knowing, in the order of what was looked at. */
import { engineFailures, type Failure, type Fault, type Role } from "@antiphon/websocket";
import { toolFailures } from "../failures/tool-failures.ts";
import type { Conversation, DecodedFrames, DecodedHandshake, Finding } from "./decoding.ts";

interface Decoded {
  readonly conversation: Conversation;
  readonly handshake: DecodedHandshake | undefined;
  readonly frames: readonly DecodedFrames[];
}

export function collectFindings({ conversation, handshake, frames }: Decoded): Finding[] {
  const inHandshake = (handshake?.inspection.findings ?? []).map((finding) => ({
    failure: finding.failure,
    about: "handshake" as const,
    where: finding.in,
  }));
  return [
    ...inHandshake,
    ...frames.flatMap((decoded) => findInFrames(decoded, conversation)),
    ...findMissing(conversation),
    ...findAtEnd(conversation, frames),
  ];
}

/** Whether it counts as a breach: what is only worth knowing, or only says what a capture lacks, does not. */
export function isBreach({ failure }: Finding): boolean {
  return failure.severity !== "info" && failure.phase !== "tool";
}

function findInFrames({ sender, start, inspection }: DecodedFrames, conversation: Conversation): Finding[] {
  const whose = conversation.directions.client && conversation.directions.server ? ` of the ${sender}` : "";
  const findings: Finding[] = [];
  const names = new Set<string>();
  const add = (failure: Failure, where: string, detail?: string): void => {
    names.add(failure.name);
    const blamed = blame(failure, sender);
    findings.push({ failure: blamed, about: "frames", where, ...(detail !== undefined && { detail }) });
  };
  const nameFrame = (offset: number): string => {
    const frame = inspection.frames.find((candidate) => candidate.start <= offset && offset < candidate.end);
    return `${frame === undefined ? "" : `frame ${frame.index}${whose}, `}byte ${start + offset}`;
  };
  const { outcome, warnings, hints, frames } = inspection;
  if (outcome.status === "failed") add(outcome.failure, nameFrame(outcome.offset));
  for (const { failure, start: at, detail } of [...warnings, ...hints]) add(failure, nameFrame(at), detail);
  // Behind a wrong length everything looks wrong, and means nothing.
  if (hints.some(({ failure }) => failure.name.includes("length"))) return findings;
  for (const { isRead, fields } of frames) {
    for (const { failure, start: at } of fields) {
      if (isRead && failure && !names.has(failure.name)) add(failure, nameFrame(at));
    }
  }
  return findings;
}

/** Where a catalogue entry cannot tell which side sent the frames, here it is known. */
function blame(failure: Failure, sender: Role): Failure {
  const other: Fault = sender === "client" ? "server" : "client";
  const faults = failure.faults.filter((fault) => fault !== other);
  const [first, ...more] = faults;
  const isUnclear = failure.faults.includes(sender) && failure.faults.includes(other);
  return isUnclear && first !== undefined ? { ...failure, faults: [first, ...more] } : failure;
}

function findMissing({ directions }: Conversation): Finding[] {
  return (["client", "server"] as const).flatMap((sender) => {
    const direction = directions[sender];
    if (!direction || direction.missingBytes === 0) return [];
    const evidence = { bytes: direction.missingBytes, position: direction.bytes.length };
    const failure = toolFailures.create("capture-bytes-missing", evidence);
    return [{ failure, about: "end", where: `the ${sender}'s side` }];
  });
}

function findAtEnd({ end, directions }: Conversation, frames: readonly DecodedFrames[]): Finding[] {
  if (end === undefined || frames.length === 0) return [];
  const isComplete = Object.values(directions).every(({ missingBytes }) => missingBytes === 0);
  const by = frames.find(({ sender }) => sender === end.by);
  const where = `the end, by the ${end.by}`;
  if (by?.inspection.outcome.status === "incomplete" && isComplete) {
    const failure = blame(engineFailures.create("stream-truncated-frame"), end.by);
    return [{ failure, about: "end", where }];
  }
  const isClosed = frames.some(({ inspection }) => inspection.outcome.status === "closed");
  const isFailed = frames.some(({ inspection }) => inspection.outcome.status === "failed");
  // Behind a Close frame the end is in order; behind a broken frame it is a consequence.
  if (isClosed || isFailed || !isComplete) return [];
  const name = end.how === "reset" ? "tcp-reset" : "close-without-frame";
  return [{ failure: blame(engineFailures.create(name), end.by), about: "end", where }];
}
