import { IncomingMessage } from "node:http";
import { HeaderFields } from "../protocol/header-fields.ts";
import { listContains } from "../protocol/header-syntax.ts";

/**
 * A request whose `Upgrade` header counts only if it asks for WebSocket: pass it to `http.createServer` as
 * `IncomingMessage`. A server may ignore any other (RFC 9110 §7.8), but Node hands every upgrade to the upgrade handler as
 * soon as there is one, its body unread. Java's HttpClient, for one, asks for `h2c` on its first request to any server.
 */
export class WebSocketOnlyRequest extends IncomingMessage {
  #isUpgrade = false;

  /** Asked by Node to decide whether the socket is handed over, once the headers are there. */
  get upgrade(): boolean {
    return this.#isUpgrade && this.#asksForWebSocket();
  }

  /** From the lines as they came: `headers` would be built for the one name, and for nobody else. */
  #asksForWebSocket(): boolean {
    return listContains(new HeaderFields(this.rawHeaders).get("upgrade") ?? "", "websocket");
  }

  /** Set by Node: by the base class to null, before this one's fields exist, and by the parser. */
  set upgrade(isUpgrade: boolean | null) {
    if (isUpgrade !== null) this.#isUpgrade = isUpgrade;
  }
}
