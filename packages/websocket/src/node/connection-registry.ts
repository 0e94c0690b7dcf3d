/**
 * All open connections of a server, by id and by tag. Ids are random and never used again; descriptors would be, so that
 * a stored one may address a stranger.
 */
import type { ClientAddress } from "./client-address.ts";
import type { WebSocketConnection } from "./connection.ts";
import type { HandshakeRequest } from "./upgrade-decision.ts";

/** What a query asks for; all given conditions must hold. */
export interface ConnectionQuery {
  readonly tag?: string;
  /** Address of the client. */
  readonly ip?: string;
  /** Percent-decoded path of the handshake. */
  readonly path?: string;
  /** No message for so long. */
  readonly silentForMs?: number;
}

/** One page of a long list. */
export interface ConnectionPage {
  readonly connections: readonly WebSocketConnection[];
  /** Asks for the next page; `undefined` on the last one. Joins and leaves between two pages do no harm. */
  readonly cursor: number | undefined;
}

interface Entry {
  readonly connection: WebSocketConnection;
  readonly serial: number;
  readonly address: ClientAddress;
  readonly path: string;
  tags: Set<string> | undefined;
}

export class ConnectionRegistry {
  readonly #byId = new Map<string, Entry>();
  readonly #byTag = new Map<string, Set<Entry>>();
  #serial = 0;

  get size(): number {
    return this.#byId.size;
  }

  /** Keeps of the request only what queries ask for: a request with its headers is larger than all the rest. */
  add(connection: WebSocketConnection, { path }: HandshakeRequest, address: ClientAddress): void {
    this.#serial += 1;
    this.#byId.set(connection.id, { connection, serial: this.#serial, address, path, tags: undefined });
  }

  delete(id: string): void {
    const entry = this.#byId.get(id);
    if (entry === undefined) return;
    this.#byId.delete(id);
    for (const tag of entry.tags ?? []) this.#untag(entry, tag);
  }

  get(id: string): WebSocketConnection | undefined {
    return this.#byId.get(id)?.connection;
  }

  /** All at this moment; safe against joins and leaves while one iterates. */
  all(): WebSocketConnection[] {
    return Array.from(this.#byId.values(), ({ connection }) => connection);
  }

  /** Marks a connection, for example as `user:7`. False if the connection is gone. */
  tag(id: string, tag: string): boolean {
    const entry = this.#byId.get(id);
    if (entry === undefined) return false;
    (entry.tags ??= new Set()).add(tag);
    const tagged = this.#byTag.get(tag);
    if (tagged) tagged.add(entry);
    else this.#byTag.set(tag, new Set([entry]));
    return true;
  }

  untag(id: string, tag: string): void {
    const entry = this.#byId.get(id);
    if (entry?.tags?.delete(tag)) this.#untag(entry, tag);
  }

  tags(id: string): readonly string[] {
    return [...(this.#byId.get(id)?.tags ?? [])];
  }

  /** Finds connections, oldest first. */
  find(query: ConnectionQuery): WebSocketConnection[] {
    const candidates = query.tag === undefined ? this.#byId.values() : (this.#byTag.get(query.tag) ?? []);
    const found: WebSocketConnection[] = [];
    for (const entry of candidates) if (matches(entry, query)) found.push(entry.connection);
    return found;
  }

  /**
   * One page of at most `limit`, oldest first, behind the cursor of the page before.
   * @throws RangeError for a limit below 1.
   */
  page(limit: number, cursor = 0): ConnectionPage {
    if (!(limit >= 1)) throw new RangeError(`a page holds at least one connection, not ${limit}`);
    const connections: WebSocketConnection[] = [];
    let last = cursor;
    for (const { connection, serial } of this.#byId.values()) {
      if (serial <= cursor) continue;
      if (connections.length >= limit) return { connections, cursor: last };
      connections.push(connection);
      last = serial;
    }
    return { connections, cursor: undefined };
  }

  #untag(entry: Entry, tag: string): void {
    const tagged = this.#byTag.get(tag);
    tagged?.delete(entry);
    if (tagged?.size === 0) this.#byTag.delete(tag);
  }
}

function matches(
  { connection, address, path: ownPath }: Entry,
  { ip, path, silentForMs }: ConnectionQuery,
): boolean {
  if (ip !== undefined && address.ip !== ip) return false;
  if (path !== undefined && ownPath !== path) return false;
  return silentForMs === undefined || connection.silentMs >= silentForMs;
}
