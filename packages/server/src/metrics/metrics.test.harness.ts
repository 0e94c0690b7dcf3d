/** A node with metrics: engine, gateway and hubs on a free port, Pusher clients on real sockets, and scrapes taken apart. */
import { EventEmitter, once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "@antiphon/websocket";
import { WebSocket } from "ws";
import { ConfigAppStore } from "../apps/config-app-store.ts";
import { AppHubs } from "../channels/app-hubs.ts";
import { LocalHub } from "../channels/local-hub.ts";
import { AppConnectionSettings } from "../gateway/app-connection-settings.ts";
import { PusherGateway } from "../gateway/pusher-gateway.ts";
import { timerScheduler } from "../lifecycle/timer-scheduler.ts";
import { type AppOverrides, testApp } from "../pusher/app.test.harness.ts";
import { signText } from "../pusher/digest.ts";
import { channelSigningText } from "../pusher/signing-text.ts";
import { createMetrics, type Metrics } from "./metrics.ts";

/** Values by series, for example `antiphon_connected{app_id="3",port="6001"}`. */
export type Scrape = ReadonlyMap<string, number>;

export async function scrape(metrics: Pick<Metrics, "formatText">): Promise<Scrape> {
  const lines = (await metrics.formatText()).split("\n");
  const series = lines.filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    series.map((line) => {
      const space = line.lastIndexOf(" ");
      return [line.slice(0, space), Number(line.slice(space + 1))];
    }),
  );
}

export interface TestNode {
  readonly metrics: Metrics;
  readonly hub: LocalHub;
  readonly port: number;
  connect(): Promise<TestClient>;
  /** Resolves when the next client is gone. */
  disconnection(): Promise<unknown>;
  stop(): Promise<void>;
}

export async function startNode(overrides: AppOverrides = {}): Promise<TestNode> {
  const app = testApp(overrides);
  const events = new EventEmitter();
  const hubs = new AppHubs(
    (each) =>
      new LocalHub({
        app: each,
        createFanOut: () => metrics.createFanOut(each.id),
        now: Date.now,
        scheduler: timerScheduler,
      }),
  );
  const server = createServer();
  const portOf = (): number => (server.address() as AddressInfo).port;
  const metrics = createMetrics({ prefix: "antiphon_", port: portOf, hubs });
  const websockets = new WebSocketServer({
    onFailure: (failure, context) => metrics.engineFailed(failure, context),
  });
  new PusherGateway({
    apps: new ConfigAppStore([app]),
    hubs,
    connectionSettings: new AppConnectionSettings(1_000_000),
    pathPrefix: "",
    now: Date.now,
    scheduler: timerScheduler,
    isDraining: () => false,
    isOverloaded: () => false,
    report: (failure) => metrics.sessionFailed(failure),
    observer: {
      connected: (appId) => metrics.connected(appId),
      disconnected(appId) {
        metrics.disconnected(appId);
        events.emit("disconnected");
      },
      messageReceived: (appId, bytes) => metrics.messageReceived(appId, bytes),
    },
    transportFor: (connection, appId) => metrics.createTransport(connection, appId),
  }).register(websockets);
  websockets.attach(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const port = portOf();
  return {
    metrics,
    hub: hubs.for(app),
    port,
    connect: () => TestClient.open(`ws://127.0.0.1:${port}/app/${app.key}?protocol=7`, app),
    disconnection: () => once(events, "disconnected"),
    async stop() {
      await websockets.shutdown({ drainWindowMs: 0, deadlineMs: 0 });
      server.close();
    },
  };
}

/** A Pusher client that counts what it gets. */
export class TestClient {
  received = { messages: 0, bytes: 0 };
  sent = { messages: 0, bytes: 0 };
  socketId = "";
  readonly #socket: WebSocket;
  readonly #credentials: { readonly key: string; readonly secret: string };
  readonly #events = new EventEmitter();

  private constructor(socket: WebSocket, credentials: { readonly key: string; readonly secret: string }) {
    this.#socket = socket;
    this.#credentials = credentials;
    socket.on("message", (data: Buffer) => {
      this.received.messages += 1;
      this.received.bytes += data.length;
      const { event, data: payload } = JSON.parse(data.toString()) as { event: string; data: string };
      this.#events.emit(event, payload);
    });
  }

  static async open(url: string, credentials: { readonly key: string; readonly secret: string }) {
    const client = new TestClient(new WebSocket(url), credentials);
    const [greeting] = await client.event("pusher:connection_established");
    client.socketId = (JSON.parse(String(greeting)) as { socket_id: string }).socket_id;
    return client;
  }

  /** Resolves with the data of the next event of this name. */
  event(name: string): Promise<unknown[]> {
    return once(this.#events, name);
  }

  send(message: unknown): void {
    const text = JSON.stringify(message);
    this.sent.messages += 1;
    this.sent.bytes += Buffer.byteLength(text);
    this.#socket.send(text);
  }

  /** Subscribes, signed; resolves when the server has answered. */
  async subscribe(channel: string, channelData?: string): Promise<void> {
    const answer = this.event("pusher_internal:subscription_succeeded");
    const { key, secret } = this.#credentials;
    const auth = `${key}:${signText(secret, channelSigningText(this.socketId, channel, channelData))}`;
    this.send({ event: "pusher:subscribe", data: { channel, auth, channel_data: channelData } });
    await answer;
  }

  /** Resolves when the server has handled everything sent so far. */
  async settle(): Promise<void> {
    const pong = this.event("pusher:pong");
    this.send({ event: "pusher:ping", data: {} });
    await pong;
  }

  close(): void {
    this.#socket.close();
  }

  /** Ends TCP without a word. */
  vanish(): void {
    this.#socket.terminate();
  }
}
