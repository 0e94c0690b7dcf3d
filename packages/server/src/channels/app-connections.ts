/**
 * The connections of one app: those of this node, and how many the other nodes have. Answers how many count against the
 * app's limits, and tells the other nodes when that changes here.
 */
import type { StateChange } from "../cluster/state-change.ts";
import type { HubConnection } from "./hub-connection.ts";

/** Figures of one node. */
export interface ConnectionFigures {
  /** They count against the app's limit. */
  readonly authorised: number;
  /** They still have to be authorised. */
  readonly unauthorised: number;
}

export class AppConnections {
  readonly #connections = new Map<string, HubConnection>();
  readonly #unauthorised = new Set<HubConnection>();
  readonly #announce: ((change: StateChange) => void) | undefined;
  readonly #byNode = new Map<string, ConnectionFigures>();
  #remoteAuthorised = 0;
  #remoteUnauthorised = 0;

  /** @param announce left out where there are no other nodes. */
  constructor(announce: ((change: StateChange) => void) | undefined) {
    this.#announce = announce;
  }

  /** Connections of this node. */
  get localCount(): number {
    return this.#connections.size;
  }

  /** Connections of all nodes. */
  get count(): number {
    return this.authorisedCount + this.unauthorisedCount;
  }

  /** Connections of all nodes that count against the app's limit. */
  get authorisedCount(): number {
    return this.#connections.size - this.#unauthorised.size + this.#remoteAuthorised;
  }

  /** Connections of all nodes that still have to be authorised. */
  get unauthorisedCount(): number {
    return this.#unauthorised.size + this.#remoteUnauthorised;
  }

  /** The connection of this node with the socket id. */
  find(socketId: string): HubConnection | undefined {
    return this.#connections.get(socketId);
  }

  has(socketId: string): boolean {
    return this.#connections.has(socketId);
  }

  /** Those of this node. */
  all(): Iterable<HubConnection> {
    return this.#connections.values();
  }

  add(connection: HubConnection): void {
    this.#connections.set(connection.socketId, connection);
    if (!connection.authorised) this.#unauthorised.add(connection);
    this.#announce?.(this.describe());
  }

  /** The connection counts against the app's limit from now on. */
  authorise(connection: HubConnection): void {
    if (this.#unauthorised.delete(connection)) this.#announce?.(this.describe());
  }

  /** Answers whether it was there. */
  delete(connection: HubConnection): boolean {
    if (!this.#connections.delete(connection.socketId)) return false;
    this.#unauthorised.delete(connection);
    this.#announce?.(this.describe());
    return true;
  }

  /** Another node has so many now. */
  setRemote(nodeId: string, { authorised, unauthorised }: ConnectionFigures): void {
    const before = this.#byNode.get(nodeId);
    this.#remoteAuthorised += authorised - (before?.authorised ?? 0);
    this.#remoteUnauthorised += unauthorised - (before?.unauthorised ?? 0);
    if (authorised + unauthorised === 0) this.#byNode.delete(nodeId);
    else this.#byNode.set(nodeId, { authorised, unauthorised });
  }

  /** Those of this node, for the others. */
  describe(): StateChange {
    const unauthorised = this.#unauthorised.size;
    return { type: "connections", authorised: this.#connections.size - unauthorised, unauthorised };
  }
}
