/**
 * How fast one connection may send to us: messages and bytes a second. Going over pauses reading until the debt is paid,
 * which an honest client does not even notice; TCP slows it down.
 */
import type { ConnectionSettings } from "./connection-settings.ts";
import { TokenBucket } from "./token-bucket.ts";

export class ReadingRate {
  readonly #messages: TokenBucket | undefined;
  readonly #bytes: TokenBucket | undefined;

  /** 0 is no limit. A burst of two seconds' worth is free. */
  constructor(maxMessagesPerSecond: number, maxBytesPerSecond: number, now: number) {
    if (maxMessagesPerSecond > 0) {
      this.#messages = new TokenBucket(maxMessagesPerSecond, maxMessagesPerSecond * 2, now);
    }
    if (maxBytesPerSecond > 0) this.#bytes = new TokenBucket(maxBytesPerSecond, maxBytesPerSecond * 2, now);
  }

  /** Counts a message; milliseconds that reading has to rest. */
  takeMessage(now: number): number {
    return this.#messages?.take(1, now) ?? 0;
  }

  /** Counts received bytes; milliseconds that reading has to rest. */
  takeBytes(bytes: number, now: number): number {
    return this.#bytes?.take(bytes, now) ?? 0;
  }
}

/** The rate that the settings ask for, if they ask for one. */
export function createReadingRate(settings: ConnectionSettings, now: number): ReadingRate | undefined {
  const { maxMessagesPerSecond, maxBytesPerSecond } = settings;
  if (maxMessagesPerSecond === 0 && maxBytesPerSecond === 0) return undefined;
  return new ReadingRate(maxMessagesPerSecond, maxBytesPerSecond, now);
}
