/**
 * The clocks of one open connection: heartbeat, idle, unfinished message, blocked writing, slow consumer, lifetime. Facts
 * about what happened when go in; the verdict and the next deadline come out. No timers here: the wheel asks.
 */
import { engineFailures } from "../failures/engine-failures.ts";
import type { Failure } from "../failures/failure.ts";
import type { ConnectionSettings } from "./connection-settings.ts";
import { TokenBucket } from "./token-bucket.ts";

/** What to do at a deadline, and how long until the next. */
export interface ClockVerdict {
  readonly failure?: Failure;
  readonly sendPing: boolean;
  /** Due while reading is held back: the peer sees life although its pings go unread (RFC 6455 §5.5.3). */
  readonly sendPong: boolean;
  /** Milliseconds; Infinity if no clock runs. */
  readonly nextMs: number;
}

const never = -1;

export class ConnectionClocks {
  readonly #settings: ConnectionSettings;
  readonly #openedAt: number;
  readonly #lifetimeMs: number;
  #nextPingAt: number;
  /** When a ping went out that nothing has answered; `never` if none is. */
  #pingedAt: number = never;
  #lastMessageAt: number;
  /** Start of the unfinished message. */
  #messageOpenAt: number = never;
  /** Since when the socket takes no bytes. */
  #blockedAt: number = never;
  /** Since when more is buffered than allowed. */
  #overLimitAt: number = never;
  /** Made with the first ping: few clients ever send one. */
  #pings: TokenBucket | undefined;

  lastReceivedAt: number;

  constructor(settings: ConnectionSettings, now: number) {
    this.#settings = settings;
    this.#openedAt = now;
    this.lastReceivedAt = now;
    this.#lastMessageAt = now;
    // Spread at random: else a restart makes the pings of all connections synchronous.
    this.#nextPingAt = now + Math.floor(settings.pingIntervalMs * (0.1 + 0.9 * Math.random()));
    this.#lifetimeMs = Math.floor(settings.maxLifetimeMs * (0.9 + 0.2 * Math.random()));
  }

  get openedAt(): number {
    return this.#openedAt;
  }

  /** Any byte is life (and the end of a wait for a pong). */
  noteReceived(now: number): void {
    this.lastReceivedAt = now;
    this.#pingedAt = never;
  }

  /** A whole message came; one that is unfinished behind it is another one. */
  noteMessage(now: number): void {
    this.#lastMessageAt = now;
    this.#messageOpenAt = never;
  }

  /** Reading goes on after a pause, in which nothing of the peer could be seen: what it owes us is due from now on. */
  noteReadingResumed(now: number): void {
    this.#lastMessageAt = now;
    if (this.#pingedAt !== never) this.#pingedAt = now;
    if (this.#messageOpenAt !== never) this.#messageOpenAt = now;
  }

  /** Whether a message is unfinished after a chunk was read. Answers whether the fragment clock has just started. */
  noteMessageOpen(isOpen: boolean, now: number): boolean {
    if (!isOpen) {
      this.#messageOpenAt = never;
      return false;
    }
    if (this.#messageOpenAt !== never) return false;
    this.#messageOpenAt = now;
    return this.#settings.fragmentTimeoutMs > 0;
  }

  noteBlocked(now: number): void {
    if (this.#blockedAt === never) this.#blockedAt = now;
  }

  noteDrained(): void {
    this.#blockedAt = never;
  }

  noteOverLimit(now: number): void {
    if (this.#overLimitAt === never) this.#overLimitAt = now;
  }

  noteUnderLimit(): void {
    this.#overLimitAt = never;
  }

  /** Counts a ping from the peer; the failure if there were too many. */
  takePing(now: number): Failure | undefined {
    const perSecond = this.#settings.maxPingsPerSecond;
    if (perSecond === 0) return undefined;
    this.#pings ??= new TokenBucket(perSecond, perSecond * 2, now);
    return this.#pings.take(1, now) === 0 ? undefined : engineFailures.create("ping-flood", { perSecond });
  }

  /** Starts all waits anew: after the process was suspended nobody is judged by the time that passed. */
  forgive(now: number): void {
    this.lastReceivedAt = now;
    this.#lastMessageAt = now;
    this.#pingedAt = never;
    if (this.#messageOpenAt !== never) this.#messageOpenAt = now;
    if (this.#blockedAt !== never) this.#blockedAt = now;
    if (this.#overLimitAt !== never) this.#overLimitAt = now;
  }

  /** `bufferedBytes` is for the evidence; `isReading` is false while the application holds reading back. */
  judge(now: number, bufferedBytes: number, isReading: boolean): ClockVerdict {
    if (bufferedBytes <= this.#settings.maxBufferedBytes) this.#overLimitAt = never;
    const failure =
      this.#findSlowness(now, bufferedBytes) ??
      this.#findAge(now) ??
      // While we do not read we see nothing of what the peer does.
      (isReading ? this.#findSilence(now) : undefined);
    if (failure) return { failure, sendPing: false, sendPong: false, nextMs: Number.POSITIVE_INFINITY };
    const isDue = this.#takeLifeSignDue(now, isReading);
    return { sendPing: isDue && isReading, sendPong: isDue && !isReading, nextMs: this.#nextDeadline(now) };
  }

  #findSlowness(now: number, bufferedBytes: number): Failure | undefined {
    const { writeTimeoutMs, slowConsumerGraceMs, maxBufferedBytes } = this.#settings;
    if (
      !isOver(this.#overLimitAt, slowConsumerGraceMs, now) &&
      !isOver(this.#blockedAt, writeTimeoutMs, now)
    ) {
      return undefined;
    }
    return engineFailures.create("slow-consumer", { bufferedBytes, limitBytes: maxBufferedBytes });
  }

  #findAge(now: number): Failure | undefined {
    if (this.#settings.maxLifetimeMs === 0 || !isOver(this.#openedAt, this.#lifetimeMs, now))
      return undefined;
    return engineFailures.create("connection-max-lifetime", { ageMs: Math.round(now - this.#openedAt) });
  }

  #findSilence(now: number): Failure | undefined {
    const { pongTimeoutMs, idleTimeoutMs, fragmentTimeoutMs } = this.#settings;
    if (isOver(this.#pingedAt, pongTimeoutMs, now)) {
      const silentMs = Math.round(now - this.lastReceivedAt);
      return engineFailures.create("heartbeat-timeout", { silentMs, pongTimeoutMs });
    }
    if (fragmentTimeoutMs > 0 && isOver(this.#messageOpenAt, fragmentTimeoutMs, now)) {
      const openMs = Math.round(now - this.#messageOpenAt);
      return engineFailures.create("message-fragment-timeout", { openMs });
    }
    if (idleTimeoutMs > 0 && isOver(this.#lastMessageAt, idleTimeoutMs, now)) {
      return engineFailures.create("idle-timeout", { idleMs: Math.round(now - this.#lastMessageAt) });
    }
    return undefined;
  }

  /** Whether a ping or pong is due; not behind bytes that the socket does not take, where it could prove nothing. */
  #takeLifeSignDue(now: number, isReading: boolean): boolean {
    const { pingIntervalMs } = this.#settings;
    if (pingIntervalMs === 0 || now < this.#nextPingAt) return false;
    const silentMs = now - this.lastReceivedAt;
    const jitterMs = Math.floor(pingIntervalMs * 0.1 * Math.random());
    if (silentMs < pingIntervalMs * 0.9) {
      this.#nextPingAt = this.lastReceivedAt + pingIntervalMs - jitterMs;
      return false;
    }
    this.#nextPingAt = now + pingIntervalMs - jitterMs;
    if (this.#blockedAt !== never) return false;
    if (!isReading) return true;
    if (this.#pingedAt !== never) return false;
    this.#pingedAt = now;
    return true;
  }

  #nextDeadline(now: number): number {
    const settings = this.#settings;
    let next = settings.pingIntervalMs > 0 ? this.#nextPingAt : Number.POSITIVE_INFINITY;
    if (this.#pingedAt !== never) next = Math.min(next, this.#pingedAt + settings.pongTimeoutMs);
    if (this.#blockedAt !== never) next = Math.min(next, this.#blockedAt + settings.writeTimeoutMs);
    if (this.#overLimitAt !== never) next = Math.min(next, this.#overLimitAt + settings.slowConsumerGraceMs);
    if (this.#messageOpenAt !== never && settings.fragmentTimeoutMs > 0) {
      next = Math.min(next, this.#messageOpenAt + settings.fragmentTimeoutMs);
    }
    if (settings.idleTimeoutMs > 0) next = Math.min(next, this.#lastMessageAt + settings.idleTimeoutMs);
    if (settings.maxLifetimeMs > 0) next = Math.min(next, this.#openedAt + this.#lifetimeMs);
    return Math.max(next - now, 0);
  }
}

function isOver(since: number, limitMs: number, now: number): boolean {
  return since !== never && now - since >= limitMs;
}
