/**
 * What a distributed cluster asks of the server that joins its nodes: topics that carry bytes, and one lease. Redis and NATS
 * each implement it; everything that makes a cluster of it is in the adapter above, once for both.
 *
 *   DistributedClusterAdapter ──publish, subscribe, holdLease──▶ ClusterTransport ──▶ Redis or NATS
 *   DistributedClusterAdapter ◀──connected, received, disconnected── ClusterTransport
 */

/**
 * Where bytes go. What one node publishes to control topics arrives in the order of publishing, whichever of them it was; the
 * topics of channels keep the order each for itself, and may be spread over several servers.
 */
export type Topic =
  | {
      readonly kind: "control";
      /** Short, of letters, digits and hyphens. */
      readonly name: string;
    }
  | { readonly kind: "channel"; readonly appId: string; readonly channel: string };

export interface ClusterTransport {
  /** What joins the nodes, for logs: `Redis`, `NATS`. */
  readonly name: string;
  /**
   * Connects, and keeps connected for ever: a lost connection is made again with back-off and jitter. Resolves when the first
   * attempt has ended, well or not: the listener is told which. Rejects only if the options can never work.
   */
  start(listener: TransportListener): Promise<void>;
  /** Sends to every node that is subscribed, this one too. Never throws, never waits; without a connection it is lost. */
  publish(topic: Topic, payload: Buffer): void;
  /** Kept over reconnects. On its way to the server when this returns. */
  subscribe(topic: Topic): void;
  unsubscribe(topic: Topic): void;
  /**
   * Takes or renews the lease on this name for this owner, for this long from now on; `false` if another owner holds it, or if
   * that cannot be known.
   */
  holdLease(name: string, owner: string, ttlMs: number): Promise<boolean>;
  /** Gives the lease up, if this owner holds it. */
  releaseLease(name: string, owner: string): Promise<void>;
  /** The connection looks alive and is not: drops it and makes another. */
  reconnect(): void;
  /** Sends what was published, and closes. */
  stop(): Promise<void>;
}

export interface TransportListener {
  /** Connected, with all subscriptions in force. Messages may have been lost since {@link disconnected}. */
  connected(): void;
  /** Messages may be lost from here on. `problem` is fit for logs: no credentials. */
  disconnected(problem: string): void;
  /** The payload is the listener's to keep. */
  received(topic: Topic, payload: Buffer): void;
}
