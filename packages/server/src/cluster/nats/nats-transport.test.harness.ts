/** Transports over real NATS servers that write down what they are told; stopped with the test. */
import { onTestFinished, vi } from "vitest";
import type { Topic, TransportListener } from "../distributed/cluster-transport.ts";
import { natsDefaults, type NatsOptions, resolveNatsOptions } from "./nats-options.ts";
import { NatsTransport } from "./nats-transport.ts";

export class RecordedTransport implements TransportListener {
  readonly transport: NatsTransport;
  /** `connected`, `disconnected` */
  readonly told: string[] = [];
  readonly problems: string[] = [];
  readonly failures: string[] = [];
  readonly messages: string[] = [];
  /** `name text` for control topics, `app/channel text` for channels. */
  readonly heard: string[] = [];
  #nowMs = 0;

  constructor(options: Partial<NatsOptions>) {
    const target = resolveNatsOptions({ ...natsDefaults, connectTimeoutMs: 1000, ...options });
    if ("name" in target) throw new Error(target.message);
    this.transport = new NatsTransport({
      target,
      name: "test",
      report: ({ name, message }) => {
        this.failures.push(name);
        this.messages.push(message);
      },
      now: () => this.#nowMs,
    });
    onTestFinished(() => this.transport.stop());
  }

  async start(): Promise<this> {
    await this.transport.start(this);
    return this;
  }

  /** Lets the transport's clock go on. */
  advance(ms: number): void {
    this.#nowMs += ms;
  }

  publish(topic: Topic, text: string): void {
    this.transport.publish(topic, Buffer.from(text));
  }

  connected(): void {
    this.told.push("connected");
  }

  disconnected(problem: string): void {
    this.told.push("disconnected");
    this.problems.push(problem);
  }

  received(topic: Topic, payload: Buffer): void {
    const name = topic.kind === "control" ? topic.name : `${topic.appId}/${topic.channel}`;
    this.heard.push(`${name} ${payload.toString()}`);
  }
}

/** Waits for what real servers do. */
export function waitFor(check: () => void | Promise<void>): Promise<void> {
  return vi.waitFor(check, { timeout: 18_000, interval: 10 });
}

export function control(name: string): Topic {
  return { kind: "control", name };
}

export function channel(appId: string, name: string): Topic {
  return { kind: "channel", appId, channel: name };
}
