/**
 * A server between nodes that exists in this process only: topics, a lease, and every fault that a real one has. What one node
 * publishes comes to each other node in order, in a later turn; whose message comes first is up to `pick`.
 */
import type { ClusterTransport, Topic, TransportListener } from "./cluster-transport.ts";
import { keyOfTopic } from "./probed-transport.test.harness.ts";

interface Delivery {
  readonly from: MemoryTransport;
  readonly topic: Topic;
  readonly payload: Buffer;
}

interface Lease {
  readonly owner: string;
  readonly untilMs: number;
}

export interface MemoryServerOptions {
  readonly now: () => number;
  /** One of so many publishers; the next message of this one comes first. */
  readonly pick?: (count: number) => number;
}

export class MemoryServer {
  readonly transports = new Set<MemoryTransport>();
  readonly leases = new Map<string, Lease>();
  readonly now: () => number;
  isUp = true;
  /** Answers whether the server loses this message on the way to this node. */
  loses: (to: MemoryTransport, delivery: Delivery) => boolean = () => false;
  readonly #pick: (count: number) => number;
  #scheduled = false;

  constructor({ now, pick = () => 0 }: MemoryServerOptions) {
    this.now = now;
    this.#pick = pick;
  }

  createTransport(): MemoryTransport {
    return new MemoryTransport(this);
  }

  /** Whether messages are on the way to nodes that can take them. */
  get isBusy(): boolean {
    return [...this.transports].some((transport) => transport.hasDeliveries);
  }

  /** Ends; it forgets leases, and whatever is on the way. */
  stop(): void {
    this.isUp = false;
    this.leases.clear();
    for (const transport of this.transports) transport.disconnect("the server has ended");
  }

  start(): void {
    this.isUp = true;
    for (const transport of this.transports) transport.connect();
  }

  route(delivery: Delivery): void {
    for (const to of this.transports) {
      if (to.wants(delivery.topic) && !this.loses(to, delivery)) to.queue(delivery);
    }
    this.wake();
  }

  /** Has everything delivered in a later turn. */
  wake(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      for (const transport of this.transports) transport.deliver(this.#pick);
    });
  }
}

export class MemoryTransport implements ClusterTransport {
  readonly name = "memory";
  /** Connected as it seems; nothing goes in or out. */
  swallows = false;
  /** The process of the node does not run: what comes waits. */
  isPaused = false;
  reconnects = 0;
  readonly #server: MemoryServer;
  readonly #topics = new Map<string, Topic>();
  /** By publisher. */
  readonly #deliveries = new Map<MemoryTransport, Delivery[]>();
  #listener: TransportListener | undefined;
  #connected = false;
  #held = false;
  /** What a paused process has not noticed yet. */
  #lost: string | undefined;

  constructor(server: MemoryServer) {
    this.#server = server;
  }

  get hasDeliveries(): boolean {
    return !this.isPaused && this.#deliveries.size > 0;
  }

  async start(listener: TransportListener): Promise<void> {
    this.#listener = listener;
    this.#server.transports.add(this);
    if (this.#server.isUp) this.connect();
    else listener.disconnected("connection refused");
  }

  publish(topic: Topic, payload: Buffer): void {
    if (!this.#connected || this.swallows) return;
    this.#server.route({ from: this, topic, payload: Buffer.from(payload) });
  }

  subscribe(topic: Topic): void {
    this.#topics.set(keyOfTopic(topic), topic);
  }

  unsubscribe(topic: Topic): void {
    this.#topics.delete(keyOfTopic(topic));
  }

  async holdLease(name: string, owner: string, ttlMs: number): Promise<boolean> {
    if (!this.#connected || this.swallows) return false;
    const { leases, now } = this.#server;
    const lease = leases.get(name);
    if (lease && lease.owner !== owner && lease.untilMs > now()) return false;
    leases.set(name, { owner, untilMs: now() + ttlMs });
    return true;
  }

  async releaseLease(name: string, owner: string): Promise<void> {
    if (this.#connected && this.#server.leases.get(name)?.owner === owner) this.#server.leases.delete(name);
  }

  reconnect(): void {
    this.reconnects += 1;
    this.disconnect("dropped");
    setImmediate(() => this.connect());
  }

  async stop(): Promise<void> {
    this.#server.transports.delete(this);
    this.#listener = undefined;
    this.#connected = false;
  }

  wants(topic: Topic): boolean {
    return this.#connected && !this.swallows && this.#topics.has(keyOfTopic(topic));
  }

  queue(delivery: Delivery): void {
    const queue = this.#deliveries.get(delivery.from);
    if (queue) queue.push(delivery);
    else this.#deliveries.set(delivery.from, [delivery]);
  }

  deliver(pick: (count: number) => number): void {
    while (this.hasDeliveries) {
      const queues = [...this.#deliveries];
      const [from, queue] = queues[pick(queues.length)] ?? [];
      if (from === undefined || queue === undefined) return;
      const delivery = queue.shift();
      if (queue.length === 0) this.#deliveries.delete(from);
      if (delivery) this.#listener?.received(delivery.topic, delivery.payload);
    }
  }

  /** Cuts the connection; it stays so until {@link connect}. */
  disconnect(problem: string): void {
    this.#deliveries.clear();
    if (!this.#connected) return;
    this.#connected = false;
    if (this.isPaused) this.#lost = problem;
    else this.#listener?.disconnected(problem);
  }

  /** The process runs on, and reads what came meanwhile. */
  resume(): void {
    this.isPaused = false;
    const lost = this.#lost;
    this.#lost = undefined;
    if (lost !== undefined) this.#listener?.disconnected(lost);
    this.deliver(() => 0);
    this.connect();
  }

  /** Cuts the connection, and keeps it from coming back by itself. */
  hold(): void {
    this.#held = true;
    this.disconnect("network is unreachable");
  }

  release(): void {
    this.#held = false;
    this.connect();
  }

  connect(): void {
    if (this.#connected || this.#held || this.isPaused) return;
    if (!this.#server.isUp || this.#listener === undefined) return;
    this.#connected = true;
    this.swallows = false;
    this.#listener.connected();
  }
}
