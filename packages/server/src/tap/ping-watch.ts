/**
 * The pings of one side and the pongs that answer them: round trips, answers that echo nothing, and pings that nobody
 * answers. One for each direction of a connection; times come from the caller.
 */
import { engineFailures, type Failure } from "@antiphon/websocket";

/** Round trips between the tap and one peer, in milliseconds. */
export interface RoundTripStats {
  readonly count: number;
  readonly minMs: number;
  readonly averageMs: number;
  readonly maxMs: number;
}

export interface PongObservation {
  /** From the ping as it passed the tap to its pong. */
  readonly rttMs?: number;
  readonly failure?: Failure;
}

/** More are forgotten, oldest first. */
const maxOutstanding = 32;
const tooManyUnanswered = 3;

export class PingWatch {
  readonly #outstanding: { readonly payload: string; readonly atMs: number }[] = [];
  #isUnansweredSaid = false;
  #count = 0;
  #totalMs = 0;
  #minMs = Number.POSITIVE_INFINITY;
  #maxMs = 0;

  /** Notes a ping; a failure once, when too many are left unanswered. */
  sent(payload: Uint8Array, atMs: number): Failure | undefined {
    this.#outstanding.push({ payload: toKey(payload), atMs });
    if (this.#outstanding.length > maxOutstanding) this.#outstanding.shift();
    return this.#outstanding.length < tooManyUnanswered ? undefined : this.#sayUnanswered();
  }

  /** Notes a pong of the other side. An answer to the latest ping answers those before it too (RFC 6455 §5.5.3). */
  answered(payload: Uint8Array, atMs: number): PongObservation {
    if (this.#outstanding.length === 0) return {};
    const key = toKey(payload);
    const index = this.#outstanding.findLastIndex((ping) => ping.payload === key);
    if (index < 0) {
      // Proves that the peer lives, so the pings before it are no longer waited for.
      this.#outstanding.length = 0;
      return { failure: engineFailures.create("pong-payload-mismatch", { pongBytes: payload.length }) };
    }
    const [ping] = this.#outstanding.splice(0, index + 1).slice(-1);
    const rttMs = atMs - ping!.atMs;
    this.#count += 1;
    this.#totalMs += rttMs;
    this.#minMs = Math.min(this.#minMs, rttMs);
    this.#maxMs = Math.max(this.#maxMs, rttMs);
    return { rttMs };
  }

  /** How long the oldest ping has waited; `undefined` if none does. */
  waitingMs(nowMs: number): number | undefined {
    const [oldest] = this.#outstanding;
    return oldest && nowMs - oldest.atMs;
  }

  /** When the oldest waiting ping was sent. */
  get waitingSinceMs(): number | undefined {
    return this.#outstanding[0]?.atMs;
  }

  /** The failure of pings that were never answered, if it was not told before: for the end of the connection. */
  judgeEnd(nowMs: number, patienceMs: number): Failure | undefined {
    return (this.waitingMs(nowMs) ?? 0) < patienceMs ? undefined : this.#sayUnanswered();
  }

  get roundTrips(): RoundTripStats | undefined {
    if (this.#count === 0) return undefined;
    const averageMs = this.#totalMs / this.#count;
    return { count: this.#count, minMs: this.#minMs, averageMs, maxMs: this.#maxMs };
  }

  #sayUnanswered(): Failure | undefined {
    if (this.#isUnansweredSaid || this.#outstanding.length === 0) return undefined;
    this.#isUnansweredSaid = true;
    return engineFailures.create("ping-not-answered", { inFlight: this.#outstanding.length });
  }
}

function toKey(payload: Uint8Array): string {
  return Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString("latin1");
}
