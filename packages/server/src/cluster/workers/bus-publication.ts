/**
 * A publication on the bus: three short texts with their lengths, then the event. Not JSON, so that the primary process can
 * tell whom it concerns, and pass it on, without reading the event.
 */
import type { Publication } from "../cluster-adapter.ts";
import { frameKinds, headerBytes, writeHeader } from "./bus-frame.ts";

/** Whom a publication concerns. */
export type PublicationTarget = Pick<Publication, "appId" | "channel">;

const lengthBytes = 2;
const maxShortTextBytes = 0xff_ff;

/** The whole frame. `undefined` if one of the short texts is too long, which no checked name is. */
export function encodePublication(publication: Publication): Buffer | undefined {
  const { appId, channel, exceptSocketId = "", text } = publication;
  const shortTexts = [appId, channel, exceptSocketId];
  const lengths = shortTexts.map((each) => Buffer.byteLength(each));
  if (lengths.some((length) => length > maxShortTextBytes)) return undefined;
  const shortBytes = lengths.reduce((sum, length) => sum + lengthBytes + length, 0);
  const frame = Buffer.allocUnsafe(headerBytes + shortBytes + Buffer.byteLength(text));
  let offset = headerBytes;
  for (const [index, each] of shortTexts.entries()) {
    offset = frame.writeUInt16BE(lengths[index] ?? 0, offset);
    offset += frame.write(each, offset);
  }
  frame.write(text, offset);
  return writeHeader(frame, frameKinds.publication);
}

/** Whom the publication of a frame's payload concerns; `undefined` if it is none. */
export function readPublicationTarget(payload: Buffer): PublicationTarget | undefined {
  const appId = readShortText(payload, 0);
  const channel = appId && readShortText(payload, appId.end);
  return channel && { appId: appId.text, channel: channel.text };
}

/** The publication of a frame's payload; `undefined` if it is none. */
export function decodePublication(payload: Buffer): Publication | undefined {
  const appId = readShortText(payload, 0);
  const channel = appId && readShortText(payload, appId.end);
  const except = channel && readShortText(payload, channel.end);
  if (appId === undefined || channel === undefined || except === undefined) return undefined;
  return {
    appId: appId.text,
    channel: channel.text,
    text: payload.toString("utf8", except.end),
    exceptSocketId: except.text === "" ? undefined : except.text,
  };
}

function readShortText(payload: Buffer, offset: number): { text: string; end: number } | undefined {
  const start = offset + lengthBytes;
  if (start > payload.length) return undefined;
  const end = start + payload.readUInt16BE(offset);
  return end > payload.length ? undefined : { text: payload.toString("utf8", start, end), end };
}
