/**
 * The Pusher event that a text message is, if it is one: name, channel, and the one detail that people look for. Called
 * with every whole text message the tap sees, so that its lines can name events instead of showing JSON.
 */
import { escapeUnsafe, shortenText } from "../cli/safe-text.ts";

export interface PusherEvent {
  /** Safe to print, as is everything here. */
  readonly name: string;
  readonly channel?: string;
  /** The socket id of a greeting, or code and message of an error. */
  readonly detail?: string;
}

/** Longer texts are not parsed; no Pusher server sends them. */
const maxParsedCharacters = 262_144;
const maxNameCharacters = 200;

/** Reads an event of the Pusher protocol; `undefined` for any other text. */
export function readPusherEvent(text: string): PusherEvent | undefined {
  if (text.length > maxParsedCharacters || !text.trimStart().startsWith("{") || !text.includes('"event"')) {
    return undefined;
  }
  const envelope = parseObject(text);
  const name = envelope?.["event"];
  if (envelope === undefined || typeof name !== "string") return undefined;
  const data = toObject(envelope["data"]);
  const channel = toText(envelope["channel"]) ?? toText(data?.["channel"]);
  const detail = describeData(name, data);
  return {
    name: escapeUnsafe(name.slice(0, maxNameCharacters)),
    ...(channel !== undefined && { channel: escapeUnsafe(channel.slice(0, maxNameCharacters)) }),
    ...(detail !== undefined && { detail }),
  };
}

function describeData(name: string, data: Readonly<Record<string, unknown>> | undefined): string | undefined {
  if (name === "pusher:connection_established") {
    const socketId = toText(data?.["socket_id"]);
    return socketId === undefined ? undefined : `socket ${escapeUnsafe(socketId.slice(0, 64))}`;
  }
  if (name !== "pusher:error") return undefined;
  const code = typeof data?.["code"] === "number" ? String(data["code"]) : undefined;
  const message = toText(data?.["message"]);
  const parts = [code, message === undefined ? undefined : `"${shortenText(message, 160)}"`];
  return parts.filter((part) => part !== undefined).join(" ") || undefined;
}

/** Data travels as an object, or as a string that holds one. */
function toObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof value === "string") return value.startsWith("{") ? parseObject(value) : undefined;
  return isObject(value) ? value : undefined;
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    // Text that is not JSON is no Pusher event; nothing is wrong with it.
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function toText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
