/**
 * The first bytes of everything that the nodes of a distributed cluster send each other: a mark, the version of the protocol,
 * what follows, and who sent it. The sender is in front so that a node's own messages, which come back to it, are known
 * without reading on.
 *
 *   2 bytes mark · 1 version · 1 kind · 16 instance · 4 life · the message
 */
import { instanceBytes, type NodeIdentity } from "./node-identity.ts";

/** A node ignores what another version says. */
export const protocolVersion = 1;

/** A JSON message, or a publication in the form of `publication-encoding.ts`. */
export const wireKinds = { message: 1, publication: 2 } as const;

export type WireKind = (typeof wireKinds)[keyof typeof wireKinds];

const mark = 0x41_4e;
const versionOffset = 2;
const kindOffset = 3;
const instanceOffset = 4;
const lifeOffset = instanceOffset + instanceBytes;

export const headerBytes = lifeOffset + 4;

/** What is wrong with bytes that are no message; fit for logs. */
export type WireProblem = "foreign" | "unreadable" | `version ${number}`;

/** Fills the first bytes of the buffer. */
export function writeHeader(bytes: Buffer, kind: WireKind, sender: NodeIdentity): Buffer {
  bytes.writeUInt16BE(mark, 0);
  bytes[versionOffset] = protocolVersion;
  bytes[kindOffset] = kind;
  bytes.write(sender.instance, instanceOffset, "hex");
  bytes.writeUInt32BE(sender.life, lifeOffset);
  return bytes;
}

/** What kind of message this is, or why it is none; the sender is not read. */
export function readKind(bytes: Buffer): WireKind | WireProblem {
  if (bytes.length < headerBytes || bytes.readUInt16BE(0) !== mark) return "foreign";
  const version = bytes[versionOffset] ?? 0;
  if (version !== protocolVersion) return `version ${version}`;
  const kind = bytes[kindOffset];
  return kind === wireKinds.message || kind === wireKinds.publication ? kind : "unreadable";
}

/** Whether the instance with these bytes sent it; it has a header. */
export function isSentBy(bytes: Buffer, instance: Buffer): boolean {
  return bytes.compare(instance, 0, instanceBytes, instanceOffset, lifeOffset) === 0;
}

/** Who sent it; it has a header. */
export function readSender(bytes: Buffer): NodeIdentity {
  return {
    instance: bytes.toString("hex", instanceOffset, lifeOffset),
    life: bytes.readUInt32BE(lifeOffset),
  };
}
