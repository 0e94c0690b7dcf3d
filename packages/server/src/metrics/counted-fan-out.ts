/**
 * A channel's fan-out that counts what it sends: once per publish, as the number of subscribers at that moment, so that
 * the engine's work per subscriber stays as it is. Made for each channel by `createFanOut` of the metrics.
 */
import { Topic } from "@antiphon/websocket";
import type { FanOut } from "../channels/channel-hub.ts";
import type { AppTraffic } from "./app-traffic.ts";
import type { CountedTransport } from "./counted-transport.ts";
import type { DeliveryTimer } from "./delivery-timer.ts";

export class CountedFanOut implements FanOut<CountedTransport> {
  readonly #topic = new Topic();
  readonly #traffic: AppTraffic;
  readonly #timer: DeliveryTimer;

  constructor(traffic: AppTraffic, timer: DeliveryTimer) {
    this.#traffic = traffic;
    this.#timer = timer;
  }

  add({ connection }: CountedTransport): void {
    this.#topic.add(connection);
  }

  delete({ connection }: CountedTransport): void {
    this.#topic.delete(connection);
  }

  publish(text: string, except?: CountedTransport): void {
    const excluded = except?.connection;
    const recipients = this.#topic.size - (excluded && this.#topic.has(excluded) ? 1 : 0);
    if (recipients === 0) return;
    this.#topic.publish(text, excluded);
    this.#traffic.messagesSent += recipients;
    this.#traffic.messageBytesSent += recipients * Buffer.byteLength(text);
    this.#timer.noteQueued();
  }
}
