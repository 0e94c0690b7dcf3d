/** A text message of a Pusher server → its event, channel and data; and the greeting and refusals among them. */
import type { Failure } from "@antiphon/websocket";
import { admissionFailures } from "../failures/admission-failures.ts";
import { doctorFailures } from "../failures/doctor-failures.ts";
import { stateFailure } from "../failures/state-failure.ts";
import { subscribeFailures } from "../failures/subscribe-failures.ts";
import { isJsonObject, parseBoundedJson } from "../pusher/bounded-json.ts";
import { isSocketId } from "../pusher/socket-id.ts";
import { shortenText } from "../cli/safe-text.ts";

export interface ServerEvent {
  readonly event: string;
  readonly channel: string | undefined;
  /** Decoded once if it is the JSON text of something. */
  readonly data: unknown;
  /** As it stood in the message. */
  readonly rawData: unknown;
}

/** `undefined` for what is not an event. */
export function readServerEvent(message: string | Uint8Array): ServerEvent | undefined {
  if (typeof message !== "string") return undefined;
  const envelope = parseBoundedJson(message);
  if (!envelope.ok || !isJsonObject(envelope.value)) return undefined;
  const { event, channel, data } = envelope.value;
  if (typeof event !== "string") return undefined;
  return {
    event,
    channel: typeof channel === "string" ? channel : undefined,
    data: decodeOnce(data),
    rawData: data,
  };
}

/** One member of an event's data; `undefined` where there is none. */
export function readMember({ data }: ServerEvent, name: string): unknown {
  return isJsonObject(data) ? data[name] : undefined;
}

export interface Greeting {
  readonly socketId: string;
  readonly activityTimeoutSeconds: number;
}

export type GreetingResult =
  | { readonly ok: true; readonly greeting: Greeting }
  | { readonly ok: false; readonly failure: Failure };

/** Judges the first message of a connection. `key` is the one in the URL. */
export function readGreeting(message: string | Uint8Array, key: string | undefined): GreetingResult {
  const event = readServerEvent(message);
  if (event?.event === "pusher:error") return { ok: false, failure: nameRefusal(event, key) };
  if (event?.event !== "pusher:connection_established") {
    const instead =
      typeof message === "string"
        ? `it is ${shortenText(message, 60)}`
        : `it has ${message.length} bytes of binary data`;
    return { ok: false, failure: doctorFailures.create("pusher-greeting-missing", { instead }) };
  }
  const socketId = readMember(event, "socket_id");
  const activityTimeout = readMember(event, "activity_timeout");
  const problem = findGreetingProblem(event, socketId, activityTimeout);
  if (problem !== undefined) {
    return { ok: false, failure: doctorFailures.create("pusher-greeting-invalid", { problem }) };
  }
  return {
    ok: true,
    greeting: { socketId: String(socketId), activityTimeoutSeconds: Number(activityTimeout) },
  };
}

function findGreetingProblem(
  { rawData }: ServerEvent,
  socketId: unknown,
  activityTimeout: unknown,
): string | undefined {
  if (typeof rawData !== "string") return "data is not a JSON string, which Swift and Java clients need";
  if (typeof socketId !== "string" || !isSocketId(socketId)) {
    return "socket_id is not two numbers joined by a dot";
  }
  if (typeof activityTimeout !== "number" || !Number.isInteger(activityTimeout) || activityTimeout < 1) {
    return "activity_timeout is not a whole number of seconds of at least 1";
  }
  return undefined;
}

const admissionByCode: Readonly<Record<number, keyof typeof admissionFailures.definitions>> = {
  4000: "app-tls-required",
  4001: "app-key-unknown",
  4003: "app-disabled",
  4004: "app-connections-exceeded",
  4005: "app-path-invalid",
  4006: "protocol-version-invalid",
  4007: "protocol-version-unsupported",
  4008: "protocol-version-missing",
  4009: "origin-not-allowed",
  4100: "node-overloaded",
  4200: "node-draining",
};

/** Names a `pusher:error` that came instead of the greeting. */
function nameRefusal(event: ServerEvent, key: string | undefined): Failure {
  const code = readMember(event, "code");
  const text = readMember(event, "message");
  const reason = typeof text === "string" ? shortenText(text, 200) : "it gives no reason";
  if (code === 4001 && key !== undefined) return admissionFailures.create("app-key-unknown", { key });
  const name = admissionByCode[Number(code)];
  const stated = name && stateFailure(admissionFailures, name, reason);
  return (
    stated ??
    doctorFailures.create("pusher-connection-refused", {
      code: String(code),
      reason: reason.replace(/\.$/, ""),
    })
  );
}

/** What servers say about a subscription that they refuse, most telling first. */
const wordings: readonly (readonly [RegExp, keyof typeof subscribeFailures.definitions])[] = [
  [/key mismatch|key .*not/i, "subscribe-key-mismatch"],
  [/signature|unauthorized/i, "subscribe-signature-mismatch"],
];

/** The failure if this event refuses a subscription to the channel. */
export function findSubscriptionRefusal(event: ServerEvent, channel: string): Failure | undefined {
  const isRefusal = event.event === "pusher:subscription_error" || event.event === "pusher:error";
  if (!isRefusal || (event.channel ?? channel) !== channel) return undefined;
  const text = readMember(event, "error") ?? readMember(event, "message");
  const reason = typeof text === "string" ? shortenText(text, 300) : "the server gives no reason";
  const [, name] = wordings.find(([pattern]) => pattern.test(reason)) ?? [];
  const stated = name && stateFailure(subscribeFailures, name, reason);
  return (
    stated ??
    doctorFailures.create("pusher-subscription-refused", { channel, reason: reason.replace(/\.$/, "") })
  );
}

function decodeOnce(data: unknown): unknown {
  if (typeof data !== "string") return data;
  const parsed = parseBoundedJson(data);
  return parsed.ok ? parsed.value : data;
}
