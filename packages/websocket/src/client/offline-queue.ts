/**
 * Messages that were sent while no connection was open, for the next one: bounded in number, bytes and age. Off unless the
 * application asks for it, since only it knows whether a late message still means what it did. Pure: the time comes in.
 */
import { engineFailures } from "../failures/engine-failures.ts";
import type { Failure } from "../failures/failure.ts";

export interface OfflineQueueSettings {
  readonly maxMessages: number;
  /** Bytes of binary messages and characters of texts. */
  readonly maxBytes: number;
  /** Older messages are dropped instead of sent. */
  readonly ttlMs: number;
  readonly overflow: "reject-newest" | "drop-oldest";
}

export const defaultOfflineQueue: OfflineQueueSettings = {
  maxMessages: 1000,
  maxBytes: 1024 * 1024,
  ttlMs: 60_000,
  overflow: "reject-newest",
};

interface HeldMessage {
  readonly data: string | Uint8Array;
  readonly heldAt: number;
}

export class OfflineQueue {
  readonly #settings: OfflineQueueSettings;
  readonly #messages: HeldMessage[] = [];
  #bytes = 0;

  constructor(settings: Partial<OfflineQueueSettings> = {}) {
    this.#settings = { ...defaultOfflineQueue, ...settings };
  }

  get size(): number {
    return this.#messages.length;
  }

  /** Holds a message. `isHeld` tells whether it waits now; `overflow` that this or an older one had to go. */
  push(data: string | Uint8Array, now: number): { readonly isHeld: boolean; readonly overflow?: Failure } {
    this.#dropExpired(now);
    const { maxMessages, maxBytes, overflow } = this.#settings;
    const fits = (): boolean => this.#messages.length < maxMessages && this.#bytes + data.length <= maxBytes;
    if (fits()) {
      this.#hold(data, now);
      return { isHeld: true };
    }
    if (overflow === "reject-newest" || data.length > maxBytes || maxMessages === 0) {
      return { isHeld: false, overflow: this.#describeOverflow("the newest") };
    }
    const failure = this.#describeOverflow("the oldest");
    while (!fits()) this.#drop();
    this.#hold(data, now);
    return { isHeld: true, overflow: failure };
  }

  /**
   * Hands the messages to `send`, oldest first, until it answers false. One is forgotten when `send` has taken it: that
   * says nothing of its arrival, for WebSocket has no acknowledgement.
   */
  flush(now: number, send: (data: string | Uint8Array) => boolean): void {
    this.#dropExpired(now);
    let [oldest] = this.#messages;
    while (oldest && send(oldest.data)) {
      this.#drop();
      [oldest] = this.#messages;
    }
  }

  clear(): void {
    this.#messages.length = 0;
    this.#bytes = 0;
  }

  #hold(data: string | Uint8Array, heldAt: number): void {
    this.#messages.push({ data, heldAt });
    this.#bytes += data.length;
  }

  #drop(): void {
    this.#bytes -= this.#messages.shift()?.data.length ?? 0;
  }

  #dropExpired(now: number): void {
    for (let [oldest] = this.#messages; oldest && now - oldest.heldAt >= this.#settings.ttlMs; ) {
      this.#drop();
      [oldest] = this.#messages;
    }
  }

  #describeOverflow(dropped: string): Failure {
    const evidence = { messages: this.#messages.length, bytes: this.#bytes, dropped };
    return engineFailures.create("offline-queue-overflow", evidence);
  }
}
