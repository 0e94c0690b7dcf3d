/**
 * Counts what a node sends to the others and hears of them, on its way through the transport, and tells when the connection
 * comes and goes.
 */
import type { ClusterTransport, Topic, TransportListener } from "../cluster/distributed/cluster-transport.ts";

export class CountedClusterTransport implements ClusterTransport {
  readonly #transport: ClusterTransport;
  readonly #onLink: (connected: boolean) => void;
  #published = 0;
  #received = 0;

  /** @param onLink told before the listener is. */
  constructor(transport: ClusterTransport, onLink: (connected: boolean) => void) {
    this.#transport = transport;
    this.#onLink = onLink;
  }

  get name(): string {
    return this.#transport.name;
  }

  /** Messages that were sent, or lost for want of a connection. */
  get published(): number {
    return this.#published;
  }

  /** Messages that came, own ones that came back included. */
  get received(): number {
    return this.#received;
  }

  start(listener: TransportListener): Promise<void> {
    return this.#transport.start({
      connected: () => {
        this.#onLink(true);
        listener.connected();
      },
      disconnected: (problem) => {
        this.#onLink(false);
        listener.disconnected(problem);
      },
      received: (topic, payload) => {
        this.#received += 1;
        listener.received(topic, payload);
      },
    });
  }

  publish(topic: Topic, payload: Buffer): void {
    this.#published += 1;
    this.#transport.publish(topic, payload);
  }

  subscribe(topic: Topic): void {
    this.#transport.subscribe(topic);
  }

  unsubscribe(topic: Topic): void {
    this.#transport.unsubscribe(topic);
  }

  holdLease(name: string, owner: string, ttlMs: number): Promise<boolean> {
    return this.#transport.holdLease(name, owner, ttlMs);
  }

  releaseLease(name: string, owner: string): Promise<void> {
    return this.#transport.releaseLease(name, owner);
  }

  reconnect(): void {
    this.#transport.reconnect();
  }

  stop(): Promise<void> {
    return this.#transport.stop();
  }
}
