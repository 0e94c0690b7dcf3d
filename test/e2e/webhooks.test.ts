/** What a started server tells the backend of an app, verified by the real `pusher` SDK. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type Pusher from "pusher";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AntiphonProcess } from "../support/antiphon-process.ts";
import { startConfiguredServer } from "../support/configured-server.ts";
import { createPublisher } from "../support/publisher.ts";
import { connectRawClient, pusherUrl, type RawClient } from "../support/raw-client.ts";

const everything = [
  "channel_occupied",
  "channel_vacated",
  "member_added",
  "member_removed",
  "client_event",
  "cache_miss",
];
const credentials = { id: "36", key: "hook-key", secret: "hook-secret" };
const debounceMs = 300;

type WebhookEvent = Record<string, unknown>;

/** The backend: verifies every webhook with the SDK, and keeps the events that came, in order. */
class HookReceiver {
  readonly events: WebhookEvent[] = [];
  /** Statuses to answer before the usual 200. */
  readonly refusals: number[] = [];
  readonly #sdk: () => Pusher;
  readonly #server = createServer((request, response) => void this.#receive(request, response));
  readonly #waiting: (() => void)[] = [];

  constructor(sdk: () => Pusher) {
    this.#sdk = sdk;
  }

  async start(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** The next event for this channel. */
  async next(channel: string): Promise<WebhookEvent> {
    for (;;) {
      const index = this.events.findIndex((event) => event["channel"] === channel);
      if (index >= 0) return this.events.splice(index, 1)[0] ?? {};
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const rawBody = await text(request);
    const refusal = this.refusals.shift();
    if (refusal === undefined) {
      const headers = request.headers as Record<string, string>;
      const webhook = this.#sdk().webhook({ headers, rawBody });
      const events = webhook.isValid() ? webhook.getEvents() : [{ channel: "invalid", rawBody }];
      this.events.push(...(events as unknown as WebhookEvent[]));
    }
    response.writeHead(refusal ?? 200).end();
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

let server: AntiphonProcess;
let backend: Pusher;
const receiver = new HookReceiver(() => backend);
const filtered = new HookReceiver(() => backend);

beforeAll(async () => {
  const [url, filteredUrl] = await Promise.all([receiver.start(), filtered.start()]);
  server = await startConfiguredServer({
    apps: [
      {
        ...credentials,
        events: { clientEvents: "members" },
        webhooks: [
          { url, eventTypes: everything, debounceMs },
          {
            url: filteredUrl,
            eventTypes: ["channel_occupied"],
            filter: { channelNameStartsWith: "cache-" },
          },
        ],
      },
    ],
  });
  backend = createPublisher(server, credentials);
});

afterAll(async () => {
  await server.stop();
  receiver.stop();
  filtered.stop();
});

const connect = () => connectRawClient(pusherUrl(server, credentials.key));

async function join(channel: string, user_id: string): Promise<{ client: RawClient; socketId: string }> {
  const { client, socketId } = await connect();
  client.subscribe(channel, backend.authorizeChannel(socketId, channel, { user_id }));
  await client.next();
  return { client, socketId };
}

describe("webhooks", () => {
  it("tell who comes, what clients say and who goes, each valid for the SDK", async () => {
    const channel = "presence-told";
    const { client, socketId } = await join(channel, "ann");
    expect(await receiver.next(channel)).toEqual({ name: "channel_occupied", channel });
    expect(await receiver.next(channel)).toEqual({ name: "member_added", channel, user_id: "ann" });
    client.send({ event: "client-move", channel, data: { to: "ü" } });
    expect(await receiver.next(channel)).toEqual({
      name: "client_event",
      channel,
      event: "client-move",
      data: '{"to":"ü"}',
      socket_id: socketId,
      user_id: "ann",
    });
    await client.close();
    expect(await receiver.next(channel)).toEqual({ name: "member_removed", channel, user_id: "ann" });
    expect(await receiver.next(channel)).toEqual({ name: "channel_vacated", channel });
  });

  it("keep silent about a client that is back in time", async () => {
    const channel = "private-reloaded";
    const subscribe = async (): Promise<RawClient> => {
      const { client, socketId } = await connect();
      client.subscribe(channel, backend.authorizeChannel(socketId, channel));
      await client.next();
      return client;
    };
    const first = await subscribe();
    expect(await receiver.next(channel)).toEqual({ name: "channel_occupied", channel });
    await first.close();
    const second = await subscribe();
    // An event of the same channel shows that the departure, which would have come before, was cancelled.
    second.send({ event: "client-back", channel, data: {} });
    expect(await receiver.next(channel)).toMatchObject({ name: "client_event", event: "client-back" });
    await second.close();
    expect(await receiver.next(channel)).toEqual({ name: "channel_vacated", channel });
  });

  it("tell of a cache channel without an event, once", async () => {
    const channel = "cache-empty";
    const clients = await Promise.all([connect(), connect()]);
    for (const { client } of clients) {
      client.subscribe(channel);
      await client.settle();
    }
    expect(await receiver.next(channel)).toEqual({ name: "channel_occupied", channel });
    expect(await receiver.next(channel)).toEqual({ name: "cache_miss", channel });
    await Promise.all(clients.map(({ client }) => client.close()));
    expect(await receiver.next(channel)).toEqual({ name: "channel_vacated", channel });
  });

  it("sign what their filter leaves of it", async () => {
    const { client } = await connect();
    for (const channel of ["other-channel", "cache-wanted"]) client.subscribe(channel);
    expect(await filtered.next("cache-wanted")).toEqual({
      name: "channel_occupied",
      channel: "cache-wanted",
    });
    expect(filtered.events.filter(({ channel }) => !String(channel).startsWith("cache-"))).toEqual([]);
    await client.close();
  });

  it("come again after a refusal", async () => {
    receiver.refusals.push(500, 503);
    const { client } = await connect();
    client.subscribe("refused");
    expect(await receiver.next("refused")).toEqual({ name: "channel_occupied", channel: "refused" });
    expect(receiver.refusals).toEqual([]);
    await client.close();
  });
});
