/**
 * A message that is sent in pieces while it is made (RFC 6455 §5.4). Until it ends, other messages of the connection wait
 * behind it; pings and pongs go between its fragments.
 */

/** What the stream needs of its connection. */
export interface FragmentSink {
  /** Sends one fragment; false if the connection sends no more. */
  sendFragment(payload: Uint8Array, isFirst: boolean, isLast: boolean): boolean;
  /**
   * The message will not be finished. If part of it was sent, the connection fails with 1011: half a message cannot be
   * withdrawn.
   */
  abortStream(isPartSent: boolean): void;
}

export class MessageStream {
  readonly #sink: FragmentSink;
  #isFirst = true;
  #isEnded = false;

  constructor(sink: FragmentSink) {
    this.#sink = sink;
  }

  /** Sends a piece: text is encoded as UTF-8, and must not be cut between surrogates. False once nothing is sent any more. */
  write(piece: string | Uint8Array): boolean {
    return this.#send(piece, false);
  }

  /** Ends the message, with a last piece if there is one. */
  end(piece: string | Uint8Array = ""): boolean {
    return this.#send(piece, true);
  }

  /** Gives up. Fails the connection with 1011 if a piece has been sent. */
  abort(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#sink.abortStream(!this.#isFirst);
  }

  #send(piece: string | Uint8Array, isLast: boolean): boolean {
    if (this.#isEnded) return false;
    this.#isEnded = isLast;
    const payload = typeof piece === "string" ? Buffer.from(piece) : piece;
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    return this.#sink.sendFragment(payload, isFirst, isLast);
  }
}
