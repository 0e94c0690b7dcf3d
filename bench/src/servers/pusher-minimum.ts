/**
 * The least that a Pusher server must do with a signed publish: check key, time, body digest and signature, parse and
 * validate the event or the batch, and make the envelope that subscribers get. Shared by the peers that are written here.
 */
import { timingSafeEqual } from "node:crypto";
import { benchApp } from "../bench-app.ts";

/** The digests of a runtime. */
export interface Digests {
  md5(body: Uint8Array): string;
  /** HMAC-SHA256 with the secret of the app. */
  sign(text: string): string;
}

/** What goes to the subscribers of a channel. */
export interface Delivery {
  readonly channel: string;
  readonly text: string;
}

const toleranceSeconds = 600;
const maxDataBytes = 10_240;

/** What a signed request publishes, or `undefined` if it must be refused. */
export function readPublishes(
  path: string,
  query: URLSearchParams,
  body: Uint8Array,
  digests: Digests,
): readonly Delivery[] | undefined {
  if (!isSigned(path, query, body, digests)) return undefined;
  const parsed = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.length).toString()) as {
    batch?: unknown[];
  };
  const events = path.endsWith("/batch_events") ? (parsed.batch ?? []) : [parsed];
  const deliveries: Delivery[] = [];
  for (const event of events) {
    const { name, channel, data } = event as { name: unknown; channel: unknown; data: unknown };
    if (typeof name !== "string" || typeof channel !== "string" || typeof data !== "string") return undefined;
    if (Buffer.byteLength(data) > maxDataBytes) return undefined;
    const text = `{"event":${JSON.stringify(name)},"channel":${JSON.stringify(channel)},"data":${JSON.stringify(data)}}`;
    deliveries.push({ channel, text });
  }
  return deliveries;
}

function isSigned(path: string, query: URLSearchParams, body: Uint8Array, digests: Digests): boolean {
  if (query.get("auth_key") !== benchApp.key) return false;
  const skew = Number(query.get("auth_timestamp")) - Date.now() / 1000;
  if (!(Math.abs(skew) <= toleranceSeconds)) return false;
  if (query.get("body_md5") !== digests.md5(body)) return false;
  const given = Buffer.from(query.get("auth_signature") ?? "");
  const signed = [...query].filter(([name]) => name !== "auth_signature").sort(byName);
  const text = `POST\n${path}\n${signed.map(([name, value]) => `${name}=${value}`).join("&")}`;
  const wanted = Buffer.from(digests.sign(text));
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function byName([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : 1;
}

/** The greeting of a connection. */
export function formatGreeting(socketId: string): string {
  const data = JSON.stringify({ socket_id: socketId, activity_timeout: 120 });
  return `{"event":"pusher:connection_established","data":${JSON.stringify(data)}}`;
}

/** The channel that a message subscribes to, if it does. */
export function readSubscription(message: string): string | undefined {
  const { event, data } = JSON.parse(message) as { event: string; data: { channel: string } };
  return event === "pusher:subscribe" ? data.channel : undefined;
}

export function formatSubscribed(channel: string): string {
  return `{"event":"pusher_internal:subscription_succeeded","channel":${JSON.stringify(channel)},"data":"{}"}`;
}
