/**
 * A client's connection that counts what is sent to this client alone. Made by the gateway's `transportFor`, and known to
 * the hub as the client's transport; {@link CountedFanOut} takes no other.
 */
import type { WebSocketConnection } from "@antiphon/websocket";
import type { Subscriber } from "../channels/channel-hub.ts";
import type { AppTraffic } from "./app-traffic.ts";

export class CountedTransport implements Subscriber {
  /** For topics, which write to connections past this counter. */
  readonly connection: WebSocketConnection;
  readonly #traffic: AppTraffic;

  constructor(connection: WebSocketConnection, traffic: AppTraffic) {
    this.connection = connection;
    this.#traffic = traffic;
  }

  send(text: string): void {
    const result = this.connection.send(text);
    if (result === "closed" || result === "dropped") return;
    this.#traffic.messagesSent += 1;
    this.#traffic.messageBytesSent += Buffer.byteLength(text);
  }

  close(code: number, reason: string): void {
    this.connection.close(code, reason);
  }
}
