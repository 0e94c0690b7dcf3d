/**
 * The JSON messages between the nodes of a distributed cluster, as values in and bytes out, and back. Everything that comes in
 * was sent by who knows whom: it is measured, parsed and checked before anybody acts on it.
 */
import { z } from "zod";
import { clusterCommandSchema } from "../cluster-command.ts";
import { type StateChange, stateChangesSchema } from "../state-change.ts";
import type { NodeIdentity } from "./node-identity.ts";
import { headerBytes, wireKinds, writeHeader } from "./wire-header.ts";

/** More changes are told in several messages. */
export const maxChangesTogether = 1000;

/** What no node sends: an event is bounded by the body of the request that published it. */
export const maxMessageBytes = 64 * 1024 * 1024;

const text = z.string().max(65_536);
const number = z.int().min(0);
const changes = stateChangesSchema.max(maxChangesTogether);

const wireMessageSchema = z.discriminatedUnion("type", [
  /** To all: the sender lives, and its last `changes` had this number. */
  z.strictObject({ type: z.literal("heartbeat"), sequence: number }),
  /** To all, numbered one by one. */
  z.strictObject({ type: z.literal("changes"), sequence: number, appId: text, changes }),
  z.strictObject({ type: z.literal("command"), command: clusterCommandSchema }),
  /** To all: the sender ends. */
  z.strictObject({ type: z.literal("left") }),
  /**
   * To an inbox: asks for a portion of all that the addressee owns, the first of which is 0, with the cached events of the last
   * so many milliseconds. Each portion is asked for, so that nobody is sent more than it takes in.
   */
  z.strictObject({
    type: z.literal("snapshot-request"),
    id: number,
    portion: number,
    cachedWithinMs: z.number().min(0),
  }),
  /** The answer. All `changes` up to `sequence` are part of it. */
  z.strictObject({
    type: z.literal("snapshot-portion"),
    id: number,
    portion: number,
    sequence: number,
    apps: z.array(z.strictObject({ appId: text, changes })).max(maxChangesTogether),
    done: z.boolean(),
    /** The sender has the cached events of before its own time, as far as anybody has them. */
    knowsCache: z.boolean(),
  }),
  /** The other answer: too many are asking. */
  z.strictObject({ type: z.literal("snapshot-busy"), id: number }),
  /** To an inbox: this life of the addressee was given up. */
  z.strictObject({ type: z.literal("declared-dead"), life: number }),
  /** To whoever leads. */
  z.strictObject({ type: z.literal("cache-miss"), appId: text, channel: text }),
]);

export type WireMessage = z.output<typeof wireMessageSchema>;

export type SnapshotRequest = Extract<WireMessage, { type: "snapshot-request" }>;

export type SnapshotPortion = Extract<WireMessage, { type: "snapshot-portion" }>;

/** Changes of one app, each as JSON. */
export interface ChangesJson {
  readonly appId: string;
  readonly json: readonly string[];
}

/** The bytes of a message of this sender. */
export function encodeMessage(sender: NodeIdentity, message: WireMessage): Buffer {
  return encodeJson(sender, JSON.stringify(message));
}

/** The bytes of a `changes` message whose changes are JSON already. */
export function encodeChanges(sender: NodeIdentity, sequence: number, { appId, json }: ChangesJson): Buffer {
  const start = `{"type":"changes","sequence":${sequence},"appId":${JSON.stringify(appId)},"changes":[`;
  return encodeJson(sender, `${start}${json.join(",")}]}`);
}

/** The bytes of a `snapshot-portion` whose changes are JSON already. */
export function encodePortion(
  sender: NodeIdentity,
  { apps, ...rest }: Omit<SnapshotPortion, "type" | "apps"> & { readonly apps: readonly ChangesJson[] },
): Buffer {
  const start = JSON.stringify({ type: "snapshot-portion", ...rest }).slice(0, -1);
  const texts = apps.map(
    ({ appId, json }) => `{"appId":${JSON.stringify(appId)},"changes":[${json.join(",")}]}`,
  );
  return encodeJson(sender, `${start},"apps":[${texts.join(",")}]}`);
}

/** The message behind a header; `undefined` if it is none. */
export function decodeMessage(bytes: Buffer): WireMessage | undefined {
  if (bytes.length > maxMessageBytes) return undefined;
  try {
    return wireMessageSchema.safeParse(JSON.parse(bytes.toString("utf8", headerBytes))).data;
  } catch {
    // Not JSON: no message.
    return undefined;
  }
}

/** JSON of changes, in portions that any server between the nodes takes as one message, unless a single change is larger. */
export function* splitJson(changes: readonly StateChange[]): Iterable<readonly string[]> {
  let portion: string[] = [];
  let length = 0;
  for (const change of changes) {
    const json = JSON.stringify(change);
    if (
      portion.length > 0 &&
      (length + json.length > targetLength || portion.length === maxChangesTogether)
    ) {
      yield portion;
      portion = [];
      length = 0;
    }
    portion.push(json);
    length += json.length;
  }
  if (portion.length > 0) yield portion;
}

/** NATS takes 1 MiB as one message by default; a character of JSON is up to three bytes. */
export const targetLength = 128 * 1024;

function encodeJson(sender: NodeIdentity, json: string): Buffer {
  const bytes = Buffer.allocUnsafe(headerBytes + Buffer.byteLength(json));
  bytes.write(json, headerBytes);
  return writeHeader(bytes, wireKinds.message, sender);
}
