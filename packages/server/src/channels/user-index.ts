/** Which connections each signed-in user of one app has: those of this node, and how many other nodes have. */
import type { HubConnection } from "./hub-connection.ts";

const nobody: ReadonlySet<HubConnection> = new Set();
const nowhere: ReadonlyMap<string, number> = new Map();

export class UserIndex {
  readonly #connections = new Map<string, Set<HubConnection>>();
  /** By user, then by node; never 0. */
  readonly #remote = new Map<string, Map<string, number>>();

  /** Adds a connection; answers whether it is the user's first in the cluster. */
  add(userId: string, connection: HubConnection): boolean {
    const known = this.#connections.get(userId);
    if (known) {
      known.add(connection);
      return false;
    }
    this.#connections.set(userId, new Set([connection]));
    return !this.#remote.has(userId);
  }

  /** Removes a connection; answers whether it was the user's last in the cluster. */
  delete(userId: string, connection: HubConnection): boolean {
    const known = this.#connections.get(userId);
    if (!known?.delete(connection) || known.size > 0) return false;
    this.#connections.delete(userId);
    return !this.#remote.has(userId);
  }

  /** Another node has so many connections of the user now; answers what that changed for the cluster. */
  setRemote(nodeId: string, userId: string, count: number): "arrived" | "left" | "same" {
    const wasHere = this.has(userId);
    const nodes = this.#remote.get(userId) ?? new Map<string, number>();
    if (count > 0) nodes.set(nodeId, count);
    else nodes.delete(nodeId);
    if (nodes.size > 0) this.#remote.set(userId, nodes);
    else this.#remote.delete(userId);
    if (this.has(userId) === wasHere) return "same";
    return wasHere ? "left" : "arrived";
  }

  /** Whether the user is signed in anywhere. */
  has(userId: string): boolean {
    return this.#connections.has(userId) || this.#remote.has(userId);
  }

  /** The user's connections on this node at this moment; the set changes as they come and go. */
  connectionsOf(userId: string): ReadonlySet<HubConnection> {
    return this.#connections.get(userId) ?? nobody;
  }

  /** The user's connections in the cluster. */
  countOf(userId: string): number {
    let count = this.connectionsOf(userId).size;
    for (const remote of this.nodesOf(userId).values()) count += remote;
    return count;
  }

  /** The other nodes on which the user is signed in. */
  nodesOf(userId: string): ReadonlyMap<string, number> {
    return this.#remote.get(userId) ?? nowhere;
  }

  /** Users of this node. */
  heldHere(): Iterable<readonly [userId: string, connections: ReadonlySet<HubConnection>]> {
    return this.#connections.entries();
  }
}
