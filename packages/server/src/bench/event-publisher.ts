/** Publishes stamped events through the signed HTTP API over kept-alive connections, and names what is refused. */
import { Agent as PlainAgent } from "node:http";
import { Agent as SecureAgent } from "node:https";
import { publish } from "../pusher-client/publish.ts";
import type { PusherTarget } from "../pusher-client/pusher-target.ts";
import { answerTimeoutMs, type BenchPlan } from "./bench-plan.ts";
import type { FailureTally } from "./failure-tally.ts";

const maxSockets = 16;

export class EventPublisher {
  readonly #target: PusherTarget;
  readonly #plan: BenchPlan;
  readonly #failures: FailureTally;
  readonly #agent: PlainAgent;
  readonly #pending = new Set<Promise<void>>();
  #accepted = 0;

  constructor(target: PusherTarget, plan: BenchPlan, failures: FailureTally) {
    this.#target = target;
    this.#plan = plan;
    this.#failures = failures;
    const Agent = target.apiUrl.startsWith("https:") ? SecureAgent : PlainAgent;
    this.#agent = new Agent({ keepAlive: true, maxSockets });
  }

  /** Publishes that the server has taken. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Sends one event; does not wait for its answer. */
  send(data: string): void {
    const sending = this.#send(data).finally(() => this.#pending.delete(sending));
    this.#pending.add(sending);
  }

  /** Waits for all answers, and ends the connections. */
  async finish(): Promise<void> {
    await Promise.all(this.#pending);
    this.#agent.destroy();
  }

  async #send(data: string): Promise<void> {
    const { channel, insecure } = this.#plan;
    const access = { apiUrl: this.#target.apiUrl, timeoutMs: answerTimeoutMs, insecure, agent: this.#agent };
    const { failure } = await publish(
      access,
      this.#target,
      { channels: [channel], name: "bench", data },
      Date.now,
    );
    if (failure) this.#failures.add(failure);
    else this.#accepted += 1;
  }
}
