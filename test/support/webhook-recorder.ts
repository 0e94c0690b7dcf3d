/** A backend that answers 200 to every webhook, or what it is told to, and remembers the events in the order in which they came. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

export type WebhookEvent = Readonly<Record<string, unknown>>;

export class WebhookRecorder {
  /** Those that were taken. */
  readonly events: WebhookEvent[] = [];
  /** What requests are answered with from now on; only those that succeed are taken. */
  status = 200;
  /** Requests that were refused. */
  refused = 0;
  readonly #server = createServer((request, response) => void this.#receive(request, response));
  readonly #waiting: (() => void)[] = [];

  /** Resolves with the URL. */
  async start(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** Events about one channel so far. */
  about(channel: string): WebhookEvent[] {
    return this.events.filter((event) => event["channel"] === channel);
  }

  /** Waits until an event of this name about the channel has come, with these values. */
  async until(channel: string, name: string, values: WebhookEvent = {}): Promise<void> {
    const wanted = Object.entries({ name, ...values });
    while (!this.about(channel).some((event) => wanted.every(([key, value]) => event[key] === value))) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { events } = JSON.parse(await text(request)) as { events: WebhookEvent[] };
    const { status } = this;
    if (status === 200) this.events.push(...events);
    else this.refused++;
    response.writeHead(status).end();
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
