/** Which connections each signed-in user of one app has on this node. */
import type { HubConnection } from "./hub-connection.ts";

const nobody: ReadonlySet<HubConnection> = new Set();

export class UserIndex {
  readonly #connections = new Map<string, Set<HubConnection>>();

  /** Adds a connection; answers whether it is the user's first. */
  add(userId: string, connection: HubConnection): boolean {
    const known = this.#connections.get(userId);
    if (known) {
      known.add(connection);
      return false;
    }
    this.#connections.set(userId, new Set([connection]));
    return true;
  }

  /** Removes a connection; answers whether it was the user's last. */
  delete(userId: string, connection: HubConnection): boolean {
    const known = this.#connections.get(userId);
    if (!known?.delete(connection) || known.size > 0) return false;
    return this.#connections.delete(userId);
  }

  has(userId: string): boolean {
    return this.#connections.has(userId);
  }

  /** The user's connections at this moment; the set changes as they come and go. */
  connectionsOf(userId: string): ReadonlySet<HubConnection> {
    return this.#connections.get(userId) ?? nobody;
  }
}
