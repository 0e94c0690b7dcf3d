/** A stream that stands in for a socket: what is written piles up until the test lets the peer read it. */
import { Duplex } from "node:stream";

export class FakeSocket extends Duplex {
  /** Everything that was handed over, one buffer a write. */
  readonly writes: Buffer[] = [];
  /** Whether a peer reads at once; otherwise a write waits for `letPeerRead`. */
  isTaking = true;
  #waiting: (() => void) | undefined;

  constructor(highWaterMark = 1024) {
    super({ writableHighWaterMark: highWaterMark, allowHalfOpen: true, emitClose: true });
  }

  /** All bytes so far, as Latin-1. */
  get text(): string {
    return Buffer.concat(this.writes).toString("latin1");
  }

  get hex(): string {
    return Buffer.concat(this.writes).toString("hex");
  }

  /** Lets the peer read what it has not taken yet, and everything after it or only that one write. */
  async letPeerRead({ onlyOne = false } = {}): Promise<void> {
    this.isTaking = !onlyOne;
    const taken = this.#waiting;
    this.#waiting = undefined;
    taken?.();
    await settle();
  }

  /** Bytes of the peer arrive. */
  async deliver(bytes: Uint8Array): Promise<void> {
    this.push(bytes);
    await settle();
  }

  /** The peer ends its half. */
  async deliverEnd(): Promise<void> {
    this.push(null);
    // As net.Socket does: its end is seen even while nobody reads.
    this.read(0);
    await settle();
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, callback: () => void): void {
    if (chunk.length > 0) this.writes.push(Buffer.from(chunk));
    if (this.isTaking) callback();
    else this.#waiting = callback;
  }

  override _final(callback: () => void): void {
    callback();
  }
}

/** Resolves after the end of this turn, and of what it started. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}
