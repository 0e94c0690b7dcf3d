/** A running HTTP side on a free port, a hub that records what it is told, and requests signed as SDKs sign them. */
import { createHash, createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import type { Failure } from "@antiphon/websocket";
import type { App } from "../apps/app.ts";
import type { ChannelHub, ChannelInfo, PresenceMember, PublishedEvent } from "../channels/channel-hub.ts";
import { testApp } from "../pusher/app.test.harness.ts";
import { createHttpApi } from "./http-api.ts";
import type { FinishedRequest, HttpApiOptions, HttpFailureContext } from "./http-api-options.ts";

/** Answers from what a test puts in. */
export class RecordingHub implements ChannelHub {
  readonly published: PublishedEvent[] = [];
  readonly terminated: string[] = [];
  readonly infos = new Map<string, ChannelInfo>();
  readonly presence = new Map<string, PresenceMember[]>();
  readonly cached = new Map<string, { data: string; ttlSeconds: number }>();
  connections = 0;
  /** Thrown by every reading call, if set. */
  error: Error | undefined;

  publish(event: PublishedEvent): void {
    this.published.push(event);
  }

  channel(name: string): ChannelInfo {
    if (this.error) throw this.error;
    return this.infos.get(name) ?? { occupied: false, subscriptionCount: 0 };
  }

  channels(prefix = ""): ReadonlyMap<string, ChannelInfo> {
    return new Map([...this.infos].filter(([name, info]) => name.startsWith(prefix) && info.occupied));
  }

  members(channel: string): readonly PresenceMember[] {
    return this.presence.get(channel) ?? [];
  }

  cachedEvent(channel: string): { data: string; ttlSeconds: number } | undefined {
    return this.cached.get(channel);
  }

  terminateUser(userId: string): void {
    this.terminated.push(userId);
  }

  connectionCount(): number {
    return this.connections;
  }
}

export interface Reported {
  readonly failure: Failure;
  readonly context: HttpFailureContext;
}

/** Time of the signed examples in the Pusher documentation. */
export const testNowMs = 1_353_088_179_000;

export interface TestApi {
  readonly app: App;
  readonly url: string;
  readonly port: number;
  readonly hub: RecordingHub;
  readonly reported: Reported[];
  readonly finished: FinishedRequest[];
  /** Sends a signed request; `query` are parameters besides those of the signature, as they stand in the URL. */
  send(method: "GET" | "POST", path: string, body?: unknown, query?: Query): Promise<TestAnswer>;
  /** Writes bytes to a socket of its own and answers everything that came back until `until` is in it. */
  exchange(bytes: string, until?: RegExp): Promise<string>;
  stop(): Promise<void>;
}

export type Query = Readonly<Record<string, string>>;

export interface TestAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Starts an API for one app. */
export async function startApi(
  app: App = testApp(),
  overrides: Partial<Omit<HttpApiOptions, "server">> = {},
): Promise<TestApi> {
  const server = createServer();
  const hub = new RecordingHub();
  const reported: Reported[] = [];
  const finished: FinishedRequest[] = [];
  const fastify = createHttpApi({
    server,
    apps: {
      findById: (id) => (id === app.id ? app : undefined),
      findByKey: (key) => (key === app.key ? app : undefined),
    },
    hubFor: () => hub,
    now: () => testNowMs,
    pathPrefix: "",
    limits: { maxRequestBytes: 262_144 },
    status: () => "ready",
    memoryThresholdPercent: 85,
    report: (failure, context) => reported.push({ failure, context }),
    onRequestDone: (request) => finished.push(request),
    ...overrides,
  });
  await fastify.ready();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // A listening TCP server has an address of this kind.
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;

  return {
    app,
    url,
    port,
    hub,
    reported,
    finished,
    async send(method, path, body, query = {}) {
      const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
      const target = signTarget(app, method, path, text, query);
      const response = await fetch(url + target, { method, ...(text === undefined ? {} : { body: text }) });
      return { status: response.status, headers: response.headers, text: await response.text() };
    },
    exchange: (bytes, until = /$^/) => exchange(port, bytes, until),
    async stop() {
      server.closeAllConnections();
      server.close();
      await fastify.close();
    },
  };
}

/** Signs a request as the Pusher documentation says and answers its target. */
export function signTarget(
  app: App,
  method: string,
  path: string,
  body: string | undefined,
  query: Query = {},
  timestamp = testNowMs / 1000,
): string {
  const parameters: Record<string, string> = {
    ...query,
    auth_key: app.key,
    auth_timestamp: String(timestamp),
    auth_version: "1.0",
    ...(body === undefined || body === "" ? {} : { body_md5: createHash("md5").update(body).digest("hex") }),
  };
  const sorted = Object.keys(parameters).toSorted();
  const canonical = sorted.map((name) => `${name}=${parameters[name]}`).join("&");
  const signature = createHmac("sha256", app.secret).update(`${method}\n${path}\n${canonical}`).digest("hex");
  const encoded = sorted.map((name) => `${name}=${encodeURIComponent(parameters[name] ?? "")}`).join("&");
  return `${path}?${encoded}&auth_signature=${signature}`;
}

function exchange(port: number, bytes: string, until: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => {
      received += text;
      if (until.test(received)) socket.destroy();
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(received));
  });
}
