/**
 * One connection of a benchmark: opens, for a Pusher server waits for the greeting and subscribes, and then hands every
 * message of the run on. Whatever goes wrong has a name.
 */
import { connect, type Failure, FailureError, type WebSocketClient } from "@antiphon/websocket";
import { findEndFailure, nameReceivedClose } from "@antiphon/websocket/inspect";
import { doctorFailures } from "../failures/doctor-failures.ts";
import { findSubscriptionRefusal, readGreeting, readServerEvent } from "../pusher-client/server-event.ts";
import { signSubscription } from "../pusher-client/sign-subscription.ts";
import { answerTimeoutMs, type BenchPlan } from "./bench-plan.ts";

export interface BenchClientEvents {
  /** A message after the opening. */
  message(text: string): void;
  /** The connection ended although nobody here ended it. */
  lost(failure: Failure): void;
}

export type OpenedClient =
  | { readonly ok: true; readonly client: WebSocketClient }
  | { readonly ok: false; readonly failure: Failure };

/** Who joins presence channels. */
const member = { userId: "antiphon-bench" };
const heartbeat = '{"event":"pusher:ping"';

/** Opens one connection, up to the answer to its subscription. Never rejects for what a server does. */
export async function openBenchClient(plan: BenchPlan, events: BenchClientEvents): Promise<OpenedClient> {
  const opening = new Opening(plan);
  let isOpen = false;
  try {
    const client = await connect("echoUrl" in plan.target ? plan.target.echoUrl : plan.target.socketUrl, {
      connectTimeoutMs: answerTimeoutMs,
      signal: plan.signal,
      ...(plan.insecure && { tls: { rejectUnauthorized: false } }),
      handlers: {
        message(self, data) {
          if (!isOpen) opening.take(self, data);
          else if (typeof data !== "string") return;
          else if (data.startsWith(heartbeat)) self.send('{"event":"pusher:pong","data":{}}');
          else events.message(data);
        },
        close(_self, report) {
          const failure = findEndFailure(report);
          if (!isOpen) opening.end(failure ?? nameReceivedClose(report.code, report.reason));
          else if (report.initiator !== "local") {
            events.lost(failure ?? nameReceivedClose(report.code, report.reason));
          }
        },
      },
    });
    const failure = await opening.wait();
    if (failure === undefined) {
      isOpen = true;
      return { ok: true, client };
    }
    client.terminate();
    return { ok: false, failure };
  } catch (error) {
    if (error instanceof FailureError) return { ok: false, failure: error.failure };
    throw error;
  }
}

/** From the 101 to the answer to the subscription. */
class Opening {
  readonly #plan: BenchPlan;
  readonly #done: Promise<Failure | undefined>;
  #finish: (failure: Failure | undefined) => void = () => {};
  #isGreeted = false;

  constructor(plan: BenchPlan) {
    this.#plan = plan;
    this.#done = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  /** The failure, or `undefined` once everything is as it should be. */
  async wait(): Promise<Failure | undefined> {
    if ("echoUrl" in this.#plan.target) return undefined;
    const timer = setTimeout(() => this.#finish(this.#nameSilence()), answerTimeoutMs);
    try {
      return await this.#done;
    } finally {
      clearTimeout(timer);
    }
  }

  take(client: WebSocketClient, data: string | Uint8Array): void {
    const { target, channel } = this.#plan;
    if ("echoUrl" in target) return;
    if (!this.#isGreeted) {
      const greeting = readGreeting(data, target.key);
      if (!greeting.ok) {
        this.#finish(greeting.failure);
        return;
      }
      this.#isGreeted = true;
      const request = signSubscription(target, greeting.greeting.socketId, channel, member);
      client.send(JSON.stringify({ event: "pusher:subscribe", data: request }));
      return;
    }
    const event = readServerEvent(data);
    if (event === undefined) return;
    const refusal = findSubscriptionRefusal(event, channel);
    if (refusal) this.#finish(refusal);
    else if (event.event === "pusher_internal:subscription_succeeded") this.#finish(undefined);
  }

  end(failure: Failure): void {
    this.#finish(failure);
  }

  #nameSilence(): Failure {
    const { channel } = this.#plan;
    return this.#isGreeted
      ? doctorFailures.create("pusher-subscription-unanswered", { channel, waitedMs: answerTimeoutMs })
      : doctorFailures.create("pusher-greeting-missing", {
          instead: `nothing came in ${answerTimeoutMs} ms`,
        });
  }
}
