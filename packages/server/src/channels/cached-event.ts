/**
 * The last published event of each cache channel of one app: kept for a time, within bounds of number and size, whether
 * or not anybody is subscribed. The oldest goes first when room is needed.
 */
import type { App } from "../apps/app.ts";
import type { Now } from "../pusher/scheduler.ts";

/** An event that a later subscriber still gets. */
export interface CachedEvent {
  readonly name: string;
  readonly data: string;
  readonly storedAtMs: number;
  readonly expiresAtMs: number;
}

/** An event as nodes tell each other of it. */
export type ToldEvent = Omit<CachedEvent, "expiresAtMs"> & { readonly leftMs: number };

/** How much and how long is kept. */
export type CacheLimits = Pick<App["channels"], "cacheTtlSeconds" | "cacheMaxEntries" | "cacheMaxBytes">;

interface Entry extends CachedEvent {
  readonly bytes: number;
}

export class CachedEvents {
  /** In the order of storing, so that the first is the oldest. */
  readonly #entries = new Map<string, Entry>();
  readonly #now: Now;
  #bytes = 0;

  constructor(now: Now) {
    this.#now = now;
  }

  /** Bytes held, names included. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Replaces the channel's event and restarts its time; answers what to tell other nodes. An event too large for the cache only
   * removes the old one.
   */
  store(channel: string, name: string, data: string, limits: CacheLimits): ToldEvent {
    const now = this.#now();
    // Always later than what it replaces: other nodes tell the newer one by its time.
    const storedAtMs = Math.max(now, (this.#entries.get(channel)?.storedAtMs ?? 0) + 1);
    const leftMs = limits.cacheTtlSeconds * 1000;
    this.#put(channel, { name, data, storedAtMs, expiresAtMs: now + leftMs }, limits);
    return { name, data, storedAtMs, leftMs };
  }

  /** Takes over an event that another node stored; answers `false` if the one here is newer. */
  adopt(channel: string, { name, data, storedAtMs, leftMs }: ToldEvent, limits: CacheLimits): boolean {
    const event = { name, data, storedAtMs, expiresAtMs: this.#now() + leftMs };
    const known = this.#entries.get(channel);
    if (known && isNewer(known, event)) return false;
    this.#put(channel, event, limits);
    return true;
  }

  /** The channel's event for other nodes, unless its time is over. */
  tell(channel: string): ToldEvent | undefined {
    const event = this.find(channel);
    if (event === undefined) return undefined;
    const { name, data, storedAtMs, expiresAtMs } = event;
    return { name, data, storedAtMs, leftMs: Math.max(0, expiresAtMs - this.#now()) };
  }

  /** The channels with events that were stored since then, as they are when their turn comes. */
  *channelsSince(sinceMs: number): Iterable<string> {
    for (const [channel, { storedAtMs }] of this.#entries) if (storedAtMs >= sinceMs) yield channel;
  }

  /** The channel's event, unless its time is over. */
  find(channel: string): CachedEvent | undefined {
    const entry = this.#entries.get(channel);
    if (entry === undefined || entry.expiresAtMs > this.#now()) return entry;
    this.#delete(channel);
    return undefined;
  }

  #put(channel: string, event: CachedEvent, limits: CacheLimits): void {
    this.#delete(channel);
    const { name, data } = event;
    const bytes = Buffer.byteLength(channel) + Buffer.byteLength(name) + Buffer.byteLength(data);
    if (bytes > limits.cacheMaxBytes || limits.cacheMaxEntries < 1) return;
    this.#makeRoom(bytes, limits);
    this.#entries.set(channel, { ...event, bytes });
    this.#bytes += bytes;
  }

  #makeRoom(bytes: number, limits: CacheLimits): void {
    const now = this.#now();
    for (const [channel, entry] of this.#entries) {
      const full = this.#entries.size >= limits.cacheMaxEntries || this.#bytes + bytes > limits.cacheMaxBytes;
      if (!full && entry.expiresAtMs > now) return;
      this.#delete(channel);
    }
  }

  #delete(channel: string): void {
    const entry = this.#entries.get(channel);
    if (entry === undefined) return;
    this.#bytes -= entry.bytes;
    this.#entries.delete(channel);
  }
}

/** Of two events of the same millisecond, all nodes have to keep the same: by content, then. */
function isNewer(one: CachedEvent, other: CachedEvent): boolean {
  if (one.storedAtMs !== other.storedAtMs) return one.storedAtMs > other.storedAtMs;
  return one.data > other.data;
}
