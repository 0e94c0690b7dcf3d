/** A server of the Pusher protocol: its greeting, its ping, and with credentials a subscription and an event all the way. */
import { randomBytes } from "node:crypto";
import type { Failure } from "@antiphon/websocket";
import { doctorFailures } from "../failures/doctor-failures.ts";
import { apiUrlFor } from "../pusher-client/pusher-target.ts";
import type { AppCredentials } from "../pusher-client/pusher-target.ts";
import { publish } from "../pusher-client/publish.ts";
import {
  findSubscriptionRefusal,
  type Greeting,
  readGreeting,
  readServerEvent,
  type ServerEvent,
} from "../pusher-client/server-event.ts";
import { signSubscription } from "../pusher-client/sign-subscription.ts";
import type { ExamineOptions } from "./examination.ts";
import type { ObservedConnection, Occurrence } from "./observed-connection.ts";
import type { Findings } from "./report.ts";
import { reportEnd } from "./watch-frames.ts";

const probeEvent = "antiphon-doctor";
/** Differences below are no reason to worry. */
const tolerableSkewSeconds = 60;

/** The key in a path of the form /app/KEY. */
export function keyInPath(url: string): string | undefined {
  const key = /\/app\/([^/?]+)\/?$/.exec(new URL(url).pathname)?.[1];
  return key === undefined ? undefined : decodeURIComponent(key);
}

/** Judges the greeting; `undefined` if there is no session. */
export function examineGreeting(
  first: string | Uint8Array | undefined,
  key: string | undefined,
  findings: Findings,
): Greeting | undefined {
  const result =
    first === undefined
      ? {
          ok: false as const,
          failure: doctorFailures.create("pusher-greeting-missing", { instead: "nothing came" }),
        }
      : readGreeting(first, key);
  if (!result.ok) {
    findings.failed("pusher", result.failure);
    return undefined;
  }
  const { greeting } = result;
  findings.passed("pusher", `greeted; socket_id ${greeting.socketId} has the right form`);
  findings.passed("pusher", `activity_timeout is ${greeting.activityTimeoutSeconds} s`);
  return greeting;
}

/** pusher:ping, and with credentials everything that an application does. */
export async function examineSession(
  connection: ObservedConnection,
  greeting: Greeting,
  options: ExamineOptions,
  findings: Findings,
): Promise<void> {
  if (!(await examinePing(connection, options.timeoutMs, findings))) return;
  const app = readCredentials(options);
  if (app === undefined) {
    findings.note("pusher", "with --app-id, --key and --secret, a subscription and an event are tried too");
    return;
  }
  const channel = `private-${probeEvent}-${randomBytes(6).toString("hex")}`;
  const isSubscribed = await examineSubscription(connection, greeting, app, channel, options, findings);
  await examinePublish(connection, app, isSubscribed ? channel : undefined, options, findings);
}

function readCredentials({ appId, key, secret, url }: ExamineOptions): AppCredentials | undefined {
  const usedKey = key ?? keyInPath(url);
  return appId === undefined || secret === undefined || usedKey === undefined
    ? undefined
    : { appId, key: usedKey, secret };
}

async function examinePing(
  connection: ObservedConnection,
  timeoutMs: number,
  findings: Findings,
): Promise<boolean> {
  const startedAt = performance.now();
  connection.send('{"event":"pusher:ping","data":{}}');
  const answer = await nextEvent(connection, timeoutMs, ({ event }) => event === "pusher:pong");
  const ms = performance.now() - startedAt;
  if (answer.type === "event") {
    findings.passed("pusher", "pusher:ping was answered with pusher:pong", ms);
    return true;
  }
  if (answer.type === "closed") reportEnd(answer.report, "pusher", findings);
  else
    findings.failed("pusher", doctorFailures.create("pusher-ping-unanswered", { waitedMs: timeoutMs }), ms);
  return false;
}

async function examineSubscription(
  connection: ObservedConnection,
  { socketId }: Greeting,
  app: AppCredentials,
  channel: string,
  { timeoutMs }: ExamineOptions,
  findings: Findings,
): Promise<boolean> {
  const data = signSubscription(app, socketId, channel, { userId: probeEvent });
  const startedAt = performance.now();
  connection.send(JSON.stringify({ event: "pusher:subscribe", data }));
  const isAnswer = (event: ServerEvent): boolean =>
    (event.event === "pusher_internal:subscription_succeeded" && event.channel === channel) ||
    findSubscriptionRefusal(event, channel) !== undefined;
  const answer = await nextEvent(connection, timeoutMs, isAnswer);
  const ms = performance.now() - startedAt;
  const failure = explainSubscription(answer, channel, timeoutMs);
  if (failure) findings.failed("pusher", failure, ms);
  else if (answer.type === "closed") reportEnd(answer.report, "pusher", findings);
  else findings.passed("pusher", `subscribed to ${channel} with a signature made here`, ms);
  return answer.type === "event" && failure === undefined;
}

function explainSubscription(answer: NextEvent, channel: string, waitedMs: number): Failure | undefined {
  if (answer.type === "nothing") {
    return doctorFailures.create("pusher-subscription-unanswered", { channel, waitedMs });
  }
  const refusal = answer.type === "event" ? findSubscriptionRefusal(answer.event, channel) : undefined;
  // On a real page the subscription is lost and the connection stays; here it is what was to be found out.
  return refusal && { ...refusal, severity: "fatal" };
}

async function examinePublish(
  connection: ObservedConnection,
  app: AppCredentials,
  channel: string | undefined,
  { url, apiUrl = apiUrlFor(url), timeoutMs, insecure, ca }: ExamineOptions,
  findings: Findings,
): Promise<void> {
  const access = { apiUrl, timeoutMs, insecure, ...(ca !== undefined && { ca }) };
  const publication = { channels: [channel ?? probeEvent], name: probeEvent, data: '"hello"' };
  const startedAt = performance.now();
  const { answer, skewSeconds, failure } = await publish(access, app, publication, Date.now);
  if (failure) findings.failed("pusher", failure, answer?.ms);
  else findings.passed("pusher", `the HTTP API at ${apiUrl} took a signed event`, answer?.ms);
  reportSkew(skewSeconds, failure, findings);
  if (failure || channel === undefined) return;
  const delivered = await nextEvent(
    connection,
    timeoutMs,
    (event) => event.event === probeEvent && event.channel === channel,
  );
  if (delivered.type === "event") {
    findings.passed("pusher", "the event came back over the WebSocket", performance.now() - startedAt);
  } else if (delivered.type === "closed") reportEnd(delivered.report, "pusher", findings);
  else
    findings.failed(
      "pusher",
      doctorFailures.create("published-event-not-delivered", { waitedMs: timeoutMs }),
    );
}

/** A clock that is the reason of a refusal has been told already. */
function reportSkew(skewSeconds: number | undefined, failure: Failure | undefined, findings: Findings): void {
  if (skewSeconds === undefined || failure?.name === "api-signature-timestamp-expired") return;
  if (Math.abs(skewSeconds) > tolerableSkewSeconds) {
    findings.failed("pusher", doctorFailures.create("api-clock-skew", { skewSeconds }));
  } else {
    const difference = skewSeconds === 0 ? "agree" : `differ by ${Math.abs(skewSeconds)} s`;
    findings.note("pusher", `this machine's clock and the server's ${difference}`);
  }
}

type NextEvent =
  | { readonly type: "event"; readonly event: ServerEvent }
  | Extract<Occurrence, { type: "closed" }>
  | { readonly type: "nothing" };

async function nextEvent(
  connection: ObservedConnection,
  timeoutMs: number,
  isWanted: (event: ServerEvent) => boolean,
): Promise<NextEvent> {
  const found = await connection.next(timeoutMs, (occurrence) => {
    const event = occurrence.type === "message" ? readServerEvent(occurrence.data) : undefined;
    return event !== undefined && isWanted(event);
  });
  if (found === undefined) return { type: "nothing" };
  if (found.type === "closed") return found;
  const event = found.type === "message" ? readServerEvent(found.data) : undefined;
  return event ? { type: "event", event } : { type: "nothing" };
}
