/** Events and dead letters as JetStream holds them: JSON arrays. What does not read as one is not ours, and passed over. */
import type { DeadLetter, DeadReason } from "../webhook-store.ts";
import type { Edge } from "../webhook-edge.ts";

export interface QueuedMessage {
  readonly channel: string;
  readonly json: string;
  /** Milliseconds since 1970. */
  readonly raisedAtMs: number;
  /** What it tells, so that it is known even if it could not be recorded any more, and the claim by which it was stored. */
  readonly edge: (Edge & { readonly claimedAt: number }) | undefined;
}

type MessageFields = readonly [
  channel: string,
  json: string,
  raisedAtMs: number,
  edge?: QueuedMessage["edge"],
];
type LetterFields = readonly [channel: string, json: string, raisedAtMs: number, reason: DeadReason];

export function formatMessage({ channel, json, raisedAtMs, edge }: QueuedMessage): string {
  const fields: MessageFields = edge ? [channel, json, raisedAtMs, edge] : [channel, json, raisedAtMs];
  return JSON.stringify(fields);
}

export function readMessage(data: Uint8Array): QueuedMessage | undefined {
  const fields = readFields(data) as MessageFields | undefined;
  if (fields === undefined) return undefined;
  const [channel, json, raisedAtMs, edge] = fields;
  return { channel, json, raisedAtMs, edge };
}

export function formatLetter({ channel, json, raisedAtMs }: QueuedMessage, reason: DeadReason): string {
  return JSON.stringify([channel, json, raisedAtMs, reason] satisfies LetterFields);
}

export function readLetter(id: string, data: Uint8Array): DeadLetter | undefined {
  const fields = readFields(data) as LetterFields | undefined;
  if (fields?.[3] === undefined) return undefined;
  const [channel, json, raisedAtMs, reason] = fields;
  return { id, channel, json, raisedAtMs, ...reason };
}

/** The first three; what comes after them only we write. */
function readFields(data: Uint8Array): readonly unknown[] | undefined {
  try {
    const fields: unknown = JSON.parse(Buffer.from(data).toString());
    if (!Array.isArray(fields)) return undefined;
    const [channel, json, raisedAtMs] = fields as readonly unknown[];
    const isOurs = typeof channel === "string" && typeof json === "string" && typeof raisedAtMs === "number";
    return isOurs ? fields : undefined;
  } catch {
    return undefined;
  }
}
