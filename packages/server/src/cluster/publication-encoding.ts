/**
 * A publication as bytes between nodes: three short texts with their lengths, then the event. Not JSON, so that whoever passes
 * it on can tell whom it concerns without reading the event. Adapters put a header of their own in front.
 */
import type { Publication } from "./cluster-adapter.ts";

/** Whom a publication concerns. */
export type PublicationTarget = Pick<Publication, "appId" | "channel">;

const lengthBytes = 2;
const maxShortTextBytes = 0xff_ff;

/**
 * The publication behind `headerBytes` bytes that are the caller's to fill. `undefined` if one of the short texts is too
 * long, which no checked name is.
 */
export function encodePublication(publication: Publication, headerBytes: number): Buffer | undefined {
  const { appId, channel, exceptSocketId = "", text } = publication;
  const shortTexts = [appId, channel, exceptSocketId];
  const lengths = shortTexts.map((each) => Buffer.byteLength(each));
  if (lengths.some((length) => length > maxShortTextBytes)) return undefined;
  const shortBytes = lengths.reduce((sum, length) => sum + lengthBytes + length, 0);
  const bytes = Buffer.allocUnsafe(headerBytes + shortBytes + Buffer.byteLength(text));
  let offset = headerBytes;
  for (const [index, each] of shortTexts.entries()) {
    offset = bytes.writeUInt16BE(lengths[index] ?? 0, offset);
    offset += bytes.write(each, offset);
  }
  bytes.write(text, offset);
  return bytes;
}

/** Whom the publication behind a header concerns; `undefined` if it is none. */
export function readPublicationTarget(payload: Buffer): PublicationTarget | undefined {
  const appId = readShortText(payload, 0);
  const channel = appId && readShortText(payload, appId.end);
  return channel && { appId: appId.text, channel: channel.text };
}

/** The publication behind a header; `undefined` if it is none. */
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
