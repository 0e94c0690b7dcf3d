/** Everything that rules one connection, with defaults. Each can be set for a server and overridden per route. */
import type { Strictness } from "../protocol/opcodes.ts";

/** What happens to a connection whose peer does not read: see {@link ConnectionSettings.slowConsumer}. */
export type SlowConsumerPolicy = "close" | "drop-newest" | "drop-oldest" | "terminate";

export interface ConnectionSettings {
  /** `compat` turns early data and non-minimal lengths into warnings. */
  readonly strictness: Strictness;
  /** Which messages are taken; others close with 1003. */
  readonly accepts: readonly ("text" | "binary")[];
  /** One message, after inflating. */
  readonly maxMessageBytes: number;
  /** One frame; by default the same as a message. */
  readonly maxFrameBytes: number;
  /** Frames of one message. */
  readonly maxFragments: number;
  /** From the first to the last fragment of a message; 0 is no limit. */
  readonly fragmentTimeoutMs: number;
  /** Messages from the peer; 0 is no limit. More make reading rest, which slows the peer down. */
  readonly maxMessagesPerSecond: number;
  /** Bytes from the peer; 0 is no limit. More make reading rest. */
  readonly maxBytesPerSecond: number;
  /** Pings from the peer; 0 is no limit. Twice as many may come in a burst. */
  readonly maxPingsPerSecond: number;
  /** Silence after which we ping; 0 never pings. */
  readonly pingIntervalMs: number;
  /** Wait for any byte after a ping before the peer counts as dead. */
  readonly pongTimeoutMs: number;
  /** Wait for a message (pings do not count) before the close with 3008; 0 is no limit. */
  readonly idleTimeoutMs: number;
  /** Age at which a connection is closed with 1012, give or take 10 %; 0 is no limit. */
  readonly maxLifetimeMs: number;
  /** Wait for the answer to our Close frame. */
  readonly closeTimeoutMs: number;
  /** Wait for a backed-up socket to take bytes. */
  readonly writeTimeoutMs: number;
  /** Buffered bytes from which `send` answers `queued`. */
  readonly highWaterBytes: number;
  /** Buffered bytes at which `drain` is reported afterwards. */
  readonly lowWaterBytes: number;
  /** Buffered bytes at which the slow-consumer policy applies. */
  readonly maxBufferedBytes: number;
  /**
   * `close`: 1013 after a grace, or at once at twice the limit. `drop-newest`: the message is refused. `drop-oldest`:
   * whole messages that wait longest are dropped. `terminate`: TCP is cut at once.
   */
  readonly slowConsumer: SlowConsumerPolicy;
  readonly slowConsumerGraceMs: number;
  /** Name the failure in our Close frame's reason. */
  readonly exposeFailureReason: boolean;
  /**
   * Read plain sockets into one buffer that all share, on the versions of Node that this was tested on. Off, every read is
   * given memory of its own. The variable `ANTIPHON_SHARED_READ_BUFFER=off` switches it off for a whole process.
   */
  readonly sharedReadBuffer: boolean;
}

const mebibyte = 1024 * 1024;

export const defaultConnectionSettings: ConnectionSettings = {
  strictness: "strict",
  accepts: ["text", "binary"],
  maxMessageBytes: mebibyte,
  maxFrameBytes: Number.MAX_SAFE_INTEGER,
  maxFragments: 131_072,
  fragmentTimeoutMs: 30_000,
  maxMessagesPerSecond: 0,
  maxBytesPerSecond: 0,
  maxPingsPerSecond: 20,
  pingIntervalMs: 25_000,
  pongTimeoutMs: 20_000,
  idleTimeoutMs: 0,
  maxLifetimeMs: 0,
  closeTimeoutMs: 10_000,
  writeTimeoutMs: 30_000,
  highWaterBytes: 64 * 1024,
  lowWaterBytes: 16 * 1024,
  maxBufferedBytes: mebibyte,
  slowConsumer: "close",
  slowConsumerGraceMs: 2000,
  exposeFailureReason: true,
  sharedReadBuffer: true,
};
