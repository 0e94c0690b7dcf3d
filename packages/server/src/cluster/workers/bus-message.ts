/**
 * The JSON messages of the bus between the processes of one server. A worker says hello, tells all it has, and then what
 * changes; the primary process welcomes it with the state of the others, and then passes on what they tell.
 */
import { z } from "zod";
import { clusterCommandSchema } from "../cluster-command.ts";
import { stateChangesSchema } from "../state-change.ts";
import { frameKinds, headerBytes, writeHeader } from "./bus-frame.ts";

const text = z.string().max(65_536);
const nodeId = z.string().min(1).max(100);

const occurrence = z.discriminatedUnion("name", [
  z.strictObject({ name: z.literal("cache_miss"), channel: text }),
  z.strictObject({
    name: z.literal("client_event"),
    channel: text,
    event: text,
    data: z.unknown(),
    socketId: text,
    userId: text.exactOptional(),
  }),
]);

const busMessageSchema = z.discriminatedUnion("type", [
  /** From a worker: it lives, under a new id, and tells all it has right after this. */
  z.strictObject({ type: z.literal("hello"), nodeId }),
  /** From a worker about itself; from the primary process about any node. */
  z.strictObject({ type: z.literal("changes"), nodeId, appId: text, changes: stateChangesSchema }),
  z.strictObject({ type: z.literal("command"), command: clusterCommandSchema }),
  /** What only the worker could see, to be raised by the primary process. */
  z.strictObject({ type: z.literal("occurrence"), appId: text, occurrence }),
  /** From the primary process: the other nodes; their states follow, until `synchronised`. */
  z.strictObject({ type: z.literal("welcome"), nodeIds: z.array(nodeId) }),
  z.strictObject({ type: z.literal("synchronised") }),
  z.strictObject({ type: z.literal("joined"), nodeId }),
  z.strictObject({ type: z.literal("left"), nodeId }),
]);

export type BusMessage = z.output<typeof busMessageSchema>;

/** An occurrence that a worker hands to the primary process. */
export type ForwardedOccurrence = z.output<typeof occurrence>;

/** The whole frame. */
export function encodeMessage(message: BusMessage): Buffer {
  const json = JSON.stringify(message);
  const frame = Buffer.allocUnsafe(headerBytes + Buffer.byteLength(json));
  frame.write(json, headerBytes);
  return writeHeader(frame, frameKinds.message);
}

/** The message of a frame's payload; `undefined` if it is none. */
export function decodeMessage(payload: Buffer): BusMessage | undefined {
  try {
    return busMessageSchema.safeParse(JSON.parse(payload.toString("utf8"))).data;
  } catch {
    // Not JSON: no message.
    return undefined;
  }
}
