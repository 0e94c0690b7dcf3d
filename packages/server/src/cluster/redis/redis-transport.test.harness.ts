/** A transport with a listener that remembers what it was told; closed when the test ends. */
import type { Failure } from "@antiphon/websocket";
import { onTestFinished, vi } from "vitest";
import type { Topic } from "../distributed/cluster-transport.ts";
import { defaultRedisWatch, type RedisWatch } from "./redis-link.ts";
import { type RedisOptions, type RedisSettings, readRedisOptions } from "./redis-options.ts";
import { RedisTransport } from "./redis-transport.ts";

/** Pings so often that a silent server is noticed within a second. */
export const impatientWatch: RedisWatch = { pingIntervalMs: 200, missedPings: 5 };

export class TestTransport {
  readonly transport: RedisTransport;
  /** `connected`, or the problem of `disconnected`, in order. */
  readonly states: string[] = [];
  readonly failures: Failure[] = [];
  /** Topic and text of everything that came, in order. */
  readonly log: string[] = [];
  readonly #payloads = new Map<string, Buffer[]>();
  #barriers = 0;

  constructor(settings: RedisSettings, watch: RedisWatch) {
    this.transport = new RedisTransport({
      settings,
      watch,
      report: (failure) => this.failures.push(failure),
    });
  }

  start(): Promise<void> {
    return this.transport.start({
      connected: () => void this.states.push("connected"),
      disconnected: (problem) => void this.states.push(problem),
      received: (topic, payload) => {
        const key = keyOf(topic);
        if (!key.startsWith("barrier-")) this.log.push(`${key} ${payload.toString()}`);
        const payloads = this.#payloads.get(key);
        if (payloads === undefined) this.#payloads.set(key, [payload]);
        else payloads.push(payload);
      },
    });
  }

  get isConnected(): boolean {
    return this.states.at(-1) === "connected";
  }

  subscribe(topic: string | Topic): void {
    this.transport.subscribe(toTopic(topic));
  }

  unsubscribe(topic: string | Topic): void {
    this.transport.unsubscribe(toTopic(topic));
  }

  publish(topic: string | Topic, payload: Buffer | string): void {
    this.transport.publish(toTopic(topic), Buffer.from(payload));
  }

  /** What came on a topic, in order. */
  payloads(topic: string | Topic): readonly Buffer[] {
    return this.#payloads.get(keyOf(toTopic(topic))) ?? [];
  }

  texts(topic: string | Topic): readonly string[] {
    return this.payloads(topic).map(String);
  }

  /** Waits until so many payloads have come on a topic. */
  async received(topic: string | Topic, count: number): Promise<void> {
    await until(() => this.payloads(topic).length >= count);
  }

  /** Waits until it has been told so often that it is connected. */
  async connected(times = 1): Promise<void> {
    await until(
      () => this.states.filter((state) => state === "connected").length >= times && this.isConnected,
    );
  }

  /** Waits until the connection is gone; returns why. */
  async disconnected(times = 1): Promise<string> {
    await until(() => this.states.filter((state) => state !== "connected").length >= times);
    return this.states.filter((state) => state !== "connected")[times - 1]!;
  }

  /** Waits until everything asked for and published so far is done on this connection. Control topics share a server. */
  async settle(): Promise<void> {
    const barrier = `barrier-${++this.#barriers}-${Math.random()}`;
    this.subscribe(barrier);
    await until(() => {
      this.publish(barrier, "");
      return this.payloads(barrier).length > 0;
    });
    this.unsubscribe(barrier);
  }
}

/** Waits without looking at the clock of the test: a condition that does not come fails the test by its time-out. */
export async function until(condition: () => boolean): Promise<void> {
  await vi.waitUntil(condition, { timeout: 15_000, interval: 10 });
}

export function settingsOf(options: RedisOptions): RedisSettings {
  const reading = readRedisOptions(options);
  if ("failures" in reading) throw new Error(JSON.stringify(reading.failures));
  return reading.settings;
}

/** A transport that is not started yet. */
export function createTransport(options: RedisOptions, watch = defaultRedisWatch): TestTransport {
  const test = new TestTransport(settingsOf(options), watch);
  onTestFinished(() => test.transport.stop());
  return test;
}

/** A transport that has made its first attempt. */
export async function openTransport(
  options: RedisOptions,
  watch = defaultRedisWatch,
): Promise<TestTransport> {
  const test = createTransport(options, watch);
  await test.start();
  return test;
}

function toTopic(topic: string | Topic): Topic {
  return typeof topic === "string" ? { kind: "control", name: topic } : topic;
}

function keyOf(topic: Topic): string {
  return topic.kind === "control" ? topic.name : `${topic.appId} ${topic.channel}`;
}
