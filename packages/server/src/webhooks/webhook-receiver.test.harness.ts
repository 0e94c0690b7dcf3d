/** A receiver of webhooks on a free port that keeps every request and answers as it is told. */
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text as readText } from "node:stream/consumers";

export interface ReceivedWebhook {
  readonly path: string;
  /** Names and values in turn, as they were spelled. */
  readonly rawHeaders: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly events: readonly { readonly name: string; readonly channel: string }[];
}

export interface WebhookReceiver {
  readonly url: string;
  readonly received: ReceivedWebhook[];
  /** Left out, 200 without a body. */
  answer: (response: ServerResponse, webhook: ReceivedWebhook) => void;
  stop(): Promise<void>;
}

export async function startReceiver(): Promise<WebhookReceiver> {
  const received: ReceivedWebhook[] = [];
  const server = createServer((request, response) => {
    void readText(request).then((body) => {
      const webhook: ReceivedWebhook = {
        path: request.url ?? "",
        rawHeaders: request.rawHeaders,
        // None of the headers that tests look at comes more than once.
        headers: request.headers as Record<string, string>,
        body,
        events: JSON.parse(body).events,
      };
      received.push(webhook);
      receiver.answer(response, webhook);
      return undefined;
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // A listening TCP server has an address of this kind.
  const { port } = server.address() as AddressInfo;
  const receiver: WebhookReceiver = {
    url: `http://127.0.0.1:${port}/hook`,
    received,
    answer: (response) => response.end(),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return receiver;
}
