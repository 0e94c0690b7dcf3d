/**
 * Pings in flight and what their answers tell: payloads go out, round-trip times come back. The time is looked up in an
 * own table by the sequence number; what a peer echoes is never trusted.
 */
import { engineFailures } from "../failures/engine-failures.ts";
import { type Failure, FailureError } from "../failures/failure.ts";

/** Milliseconds. */
export interface RoundTrip {
  readonly lastMs: number;
  /** Moving average, each new value weighing an eighth. */
  readonly smoothedMs: number;
  readonly leastMs: number;
}

interface PingInFlight {
  readonly sentAt: number;
  readonly resolve?: (roundTripMs: number) => void;
  readonly reject?: (error: FailureError) => void;
}

const payloadBytes = 8;
/** Older ones are forgotten: a peer that answers none must not fill memory. */
const maxInFlight = 16;

export class RoundTrips {
  readonly #inFlight = new Map<number, PingInFlight>();
  #sequence = 0;
  #latest: RoundTrip | undefined;
  #warned = false;

  get latest(): RoundTrip | undefined {
    return this.#latest;
  }

  /** The payload of the next ping. */
  begin(now: number, waiter: Omit<PingInFlight, "sentAt"> = {}): Uint8Array {
    this.#sequence = (this.#sequence + 1) >>> 0;
    this.#inFlight.set(this.#sequence, { sentAt: now, ...waiter });
    if (this.#inFlight.size > maxInFlight) this.#forgetOldest();
    const payload = Buffer.allocUnsafe(payloadBytes);
    payload.writeUInt32BE(this.#sequence, 0);
    payload.writeUInt32BE(Math.trunc(now) >>> 0, 4);
    return payload;
  }

  /**
   * Takes a pong. A pong for an earlier ping is overtaken by the answer to a later one (RFC 6455 §5.5.3). Returns a warning
   * the first time that a pong echoes nothing we sent, although pings are in flight.
   */
  take(payload: Uint8Array, now: number): Failure | undefined {
    if (this.#inFlight.size === 0) return undefined;
    const sequence =
      payload.length === payloadBytes ? new DataView(payload.buffer, payload.byteOffset).getUint32(0) : -1;
    const ping = this.#inFlight.get(sequence);
    if (ping === undefined) {
      if (this.#warned) return undefined;
      this.#warned = true;
      return engineFailures.create("pong-payload-mismatch", { pongBytes: payload.length });
    }
    const roundTripMs = now - ping.sentAt;
    this.#note(roundTripMs);
    for (const [earlier, { resolve }] of this.#inFlight) {
      this.#inFlight.delete(earlier);
      resolve?.(roundTripMs);
      if (earlier === sequence) break;
    }
    return undefined;
  }

  /** The connection is gone: whoever waits is told. */
  end(failure: Failure): void {
    for (const { reject } of this.#inFlight.values()) reject?.(new FailureError(failure));
    this.#inFlight.clear();
  }

  #note(lastMs: number): void {
    const before = this.#latest;
    this.#latest = before
      ? {
          lastMs,
          smoothedMs: before.smoothedMs + (lastMs - before.smoothedMs) / 8,
          leastMs: Math.min(before.leastMs, lastMs),
        }
      : { lastMs, smoothedMs: lastMs, leastMs: lastMs };
  }

  #forgetOldest(): void {
    for (const [sequence, { reject }] of this.#inFlight) {
      this.#inFlight.delete(sequence);
      reject?.(new FailureError(engineFailures.create("ping-not-answered", { inFlight: maxInFlight })));
      return;
    }
  }
}
