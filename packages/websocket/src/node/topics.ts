/** Topics by name: made at the first subscription, forgotten with the last. */
import type { WebSocketConnection } from "./connection.ts";
import type { PreparedMessage } from "./prepared-message.ts";
import { Topic } from "./topic.ts";

export class Topics {
  readonly #topics = new Map<string, Topic>();

  /** Topics with subscribers. */
  get names(): readonly string[] {
    return [...this.#topics.keys()];
  }

  /** Subscribes a connection to what is published from now on; its end ends the subscription. */
  subscribe(connection: WebSocketConnection, name: string): void {
    if (connection.state === "closed") return;
    let topic = this.#topics.get(name);
    if (topic === undefined) {
      topic = new Topic(() => this.#topics.delete(name));
      this.#topics.set(name, topic);
    }
    topic.add(connection);
  }

  unsubscribe(connection: WebSocketConnection, name: string): void {
    this.#topics.get(name)?.delete(connection);
  }

  /** Subscribers of a topic. */
  count(name: string): number {
    return this.#topics.get(name)?.size ?? 0;
  }

  /** Publishes to all subscribers but `except`. Returns how many that are. */
  publish(name: string, data: string | Uint8Array | PreparedMessage, except?: WebSocketConnection): number {
    const topic = this.#topics.get(name);
    if (topic === undefined) return 0;
    topic.publish(data, except);
    return except !== undefined && topic.has(except) ? topic.size - 1 : topic.size;
  }
}
