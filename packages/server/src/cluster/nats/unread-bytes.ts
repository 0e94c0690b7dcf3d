/**
 * How much was published in one connection that the server has not read yet: NATS' client keeps whatever the socket does not
 * take, without a bound. Asked by the transport, which gives up a connection with too much.
 */
import type { NatsConnection } from "@nats-io/transport-node";

/** What may wait for the server to read it. More, and the connection is of no use any more. */
const maxUnreadBytes = 64 * 1024 * 1024;

/** After so many bytes the server is asked whether it has read them. */
const askEveryBytes = 1024 * 1024;

export class UnreadBytes {
  readonly connection: NatsConnection;
  #unread = 0;
  /** Part of them about which the server was not asked yet. */
  #unasked = 0;

  constructor(connection: NatsConnection) {
    this.connection = connection;
  }

  get isTooMuch(): boolean {
    return this.#unread > maxUnreadBytes;
  }

  /** So many bytes were published. */
  add(bytes: number): void {
    this.#unread += bytes;
    this.#unasked += bytes;
    if (this.#unasked < askEveryBytes) return;
    const asked = this.#unasked;
    this.#unasked = 0;
    // It answers in order. Of a connection that is lost nothing counts any more.
    const answered = (): void => void (this.#unread -= asked);
    this.connection.flush().then(answered, answered);
  }
}
