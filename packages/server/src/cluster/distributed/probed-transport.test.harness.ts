/**
 * Stands between an adapter and its transport, for tests: sees what is subscribed and published, sends probes that the adapter
 * never gets to see, and ends a node without a word.
 */
import { vi } from "vitest";
import type { ClusterTransport, Topic, TransportListener } from "./cluster-transport.ts";

const probePrefix = "probe ";

export class ProbedTransport implements ClusterTransport, TransportListener {
  readonly name: string;
  /** By key. */
  readonly subscriptions = new Map<string, Topic>();
  /** Topics of channels on which something was published, by key, until they are taken. */
  readonly published = new Map<string, Topic>();
  readonly probes = new Set<string>();
  connections = 0;
  readonly #inner: ClusterTransport;
  /** Subscriptions that are known to have reached the server. */
  readonly #proven = new Set<string>();
  #listener: TransportListener | undefined;
  #dead = false;

  constructor(inner: ClusterTransport) {
    this.#inner = inner;
    this.name = inner.name;
  }

  /** The node ends as if it were killed. */
  die(): void {
    this.#dead = true;
    void this.#inner.stop();
  }

  /** Resolves once the server knows of all subscriptions. */
  async proveSubscriptions(): Promise<void> {
    const unproven = [...this.subscriptions].filter(([key]) => !this.#proven.has(key));
    await probe(unproven.map(([key, topic]) => ({ key, topic, publisher: this, readers: [this] })));
    for (const [key] of unproven) if (this.subscriptions.has(key)) this.#proven.add(key);
  }

  start(listener: TransportListener): Promise<void> {
    this.#listener = listener;
    return this.#inner.start(this);
  }

  publish(topic: Topic, payload: Buffer): void {
    if (this.#dead) return;
    if (topic.kind === "channel") this.published.set(keyOfTopic(topic), topic);
    this.#inner.publish(topic, payload);
  }

  probe(topic: Topic, text: string): void {
    if (!this.#dead) this.#inner.publish(topic, Buffer.from(probePrefix + text));
  }

  subscribe(topic: Topic): void {
    this.subscriptions.set(keyOfTopic(topic), topic);
    this.#inner.subscribe(topic);
  }

  unsubscribe(topic: Topic): void {
    this.subscriptions.delete(keyOfTopic(topic));
    this.#proven.delete(keyOfTopic(topic));
    this.#inner.unsubscribe(topic);
  }

  async holdLease(name: string, owner: string, ttlMs: number): Promise<boolean> {
    return !this.#dead && (await this.#inner.holdLease(name, owner, ttlMs));
  }

  async releaseLease(name: string, owner: string): Promise<void> {
    if (!this.#dead) await this.#inner.releaseLease(name, owner);
  }

  reconnect(): void {
    this.#inner.reconnect();
  }

  async stop(): Promise<void> {
    if (!this.#dead) await this.#inner.stop();
  }

  connected(): void {
    if (this.#dead) return;
    this.connections += 1;
    this.#listener?.connected();
  }

  disconnected(problem: string): void {
    this.#proven.clear();
    if (!this.#dead) this.#listener?.disconnected(problem);
  }

  received(topic: Topic, payload: Buffer): void {
    if (this.#dead) return;
    const text = payload.toString("latin1");
    if (text.startsWith(probePrefix)) this.probes.add(text.slice(probePrefix.length));
    else this.#listener?.received(topic, payload);
  }
}

/** A message that is to arrive at these, behind everything that its publisher has published there before. */
export interface Probe {
  readonly key: string;
  readonly topic: Topic;
  readonly publisher: ProbedTransport;
  readonly readers: readonly ProbedTransport[];
}

let probeCount = 0;

/**
 * Publishes each until it has arrived: one may be lost with a connection, or come before a subscription. Whoever is no longer
 * subscribed is not waited for.
 */
export async function probe(probes: readonly Probe[]): Promise<void> {
  const open = probes.map((each) => ({ ...each, text: `${++probeCount}` }));
  const isMissing = ({ key, readers, text }: (typeof open)[number]): boolean =>
    readers.some((reader) => reader.subscriptions.has(key) && !reader.probes.has(text));
  for (let attempt = 0; attempt < 50; attempt++) {
    const missing = open.filter(isMissing);
    if (missing.length === 0) {
      for (const { readers, text } of open) for (const reader of readers) reader.probes.delete(text);
      return;
    }
    for (const { publisher, topic, text } of missing) publisher.probe(topic, text);
    const arrived = (): void => {
      const late = missing.find(isMissing);
      if (late) throw new Error(`nothing comes through ${late.key}`);
    };
    await vi.waitFor(arrived, { interval: 1, timeout: 200 }).catch(() => undefined);
  }
  throw new Error(`nothing comes through: ${probes.map(({ key }) => key).join(", ")}`);
}

/** The text of a topic, different for different topics. */
export function keyOfTopic(topic: Topic): string {
  return topic.kind === "control" ? topic.name : `${topic.appId} ${topic.channel}`;
}
