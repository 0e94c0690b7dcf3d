/**
 * Composition root: makes every part of the server from the configuration, in the order in which they depend on each
 * other, and says in which order they start and stop. The only place besides the commands that reads the configuration.
 */
import { readFileSync } from "node:fs";
import { createServer as createHttpServer, type Server as HttpServer } from "node:http";
import { createServer as createHttpsServer, type Server as HttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { type Failure, type FailureContext, Topic, WebSocketServer } from "@antiphon/websocket";
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import { ConfigAppStore } from "./apps/config-app-store.ts";
import { AppHubs } from "./channels/app-hubs.ts";
import { LocalHub } from "./channels/local-hub.ts";
import type { Config } from "./config/load-config.ts";
import { AppConnectionSettings } from "./gateway/app-connection-settings.ts";
import { PusherGateway } from "./gateway/pusher-gateway.ts";
import { createHttpApi } from "./http/http-api.ts";
import type { ServerStatus } from "./http/http-api-options.ts";
import { readMemoryUse, toPercent } from "./http/memory-use.ts";
import { FailureLog } from "./lifecycle/failure-log.ts";
import { timerScheduler } from "./lifecycle/timer-scheduler.ts";

/** Where a started server listens. */
export interface Listening {
  /** Base of the WebSocket and HTTP URLs, for example `http://127.0.0.1:6001`. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly metricsUrl?: string;
}

export interface AntiphonServer {
  /** Listens. Rejects with Node's error if it cannot. */
  start(): Promise<Listening>;
  /** Drains connections, delivers what was accepted, and closes. */
  stop(reason?: string): Promise<void>;
  /** Takes over changed apps and certificates; other settings need a restart. */
  reload(config: Config): void;
}

/** Makes a server; nothing listens before `start`. */
export function createApp(config: Config, options: { readonly logger: Logger }): AntiphonServer {
  return new Antiphon(config, options.logger);
}

/** After the drain window, clients have this long to answer their Close frame. */
const closeAnswerMs = 2000;

class Antiphon implements AntiphonServer {
  readonly #config: Config;
  readonly #logger: Logger;
  readonly #apps: ConfigAppStore;
  readonly #hubs: AppHubs;
  readonly #server: HttpServer | HttpsServer;
  readonly #websockets: WebSocketServer;
  readonly #api: FastifyInstance;
  #status: ServerStatus = "starting";

  constructor(config: Config, logger: Logger) {
    this.#config = config;
    this.#logger = logger;
    const failures = new FailureLog(logger);
    const now = (): number => Date.now();
    this.#apps = new ConfigAppStore(config.apps);
    this.#hubs = new AppHubs(
      (app) => new LocalHub({ app, createFanOut: () => new Topic(), now, scheduler: timerScheduler }),
    );
    this.#server = createServer(config);
    this.#websockets = new WebSocketServer({
      ...connectionLimits(config),
      trustedProxies: config.server.trustedProxies,
      deflate: config.server.compression,
      onFailure: (failure, context) => failures.write(failure, describe(context), context.cause),
    });
    new PusherGateway({
      apps: this.#apps,
      hubs: this.#hubs,
      connectionSettings: new AppConnectionSettings(config.limits.maxMessageBytes),
      pathPrefix: config.server.pathPrefix,
      now,
      scheduler: timerScheduler,
      isDraining: () => this.#status === "draining",
      isOverloaded: () => toPercent(readMemoryUse()) > config.health.memoryThresholdPercent,
      report: (failure: Failure, context) => failures.write(failure, { ...context }),
      observer: { connected() {}, disconnected() {}, messageReceived() {} },
    }).register(this.#websockets);
    this.#api = createHttpApi({
      server: this.#server,
      apps: this.#apps,
      hubFor: (app) => this.#hubs.for(app),
      now,
      pathPrefix: config.server.pathPrefix,
      limits: config.limits,
      status: () => this.#status,
      memoryThresholdPercent: config.health.memoryThresholdPercent,
      report: (failure, { error, ...context }) => failures.write(failure, context, error),
      answerClientError: (error, socket) => this.#websockets.answerClientError(error, socket),
    });
    this.#websockets.attach(this.#server);
  }

  async start(): Promise<Listening> {
    const { host, port } = this.#config.server;
    await this.#api.ready();
    await listen(this.#server, host, port);
    this.#status = "ready";
    const address = this.#server.address() as AddressInfo;
    const scheme = this.#config.server.tls.cert === undefined ? "http" : "https";
    const name = address.family === "IPv6" ? `[${address.address}]` : address.address;
    return { url: `${scheme}://${name}:${address.port}`, host, port: address.port };
  }

  async stop(reason = "shutdown"): Promise<void> {
    if (this.#status === "draining") return;
    this.#status = "draining";
    const { shutdownGraceMs } = this.#config.server;
    const drained = await this.#websockets.shutdown({
      drainWindowMs: shutdownGraceMs,
      deadlineMs: shutdownGraceMs + closeAnswerMs,
      closeConnection: (connection) => PusherGateway.drain(connection),
      // A Pusher client that comes now is told 4200 inside the WebSocket, and goes to another node at once.
      keepAccepting: true,
    });
    this.#logger.info({ reason, ...drained }, "connections drained");
    await this.#api.close();
  }

  reload(config: Config): void {
    this.#apps.replace(config.apps);
    this.#hubs.update(config.apps);
    if ("setSecureContext" in this.#server && config.server.tls.cert !== undefined) {
      this.#server.setSecureContext(readTls(config));
    }
  }
}

function createServer(config: Config): HttpServer | HttpsServer {
  const { maxHeaderBytes, handshakeTimeoutMs, requestTimeoutMs } = config.limits;
  const limits = {
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: handshakeTimeoutMs,
    requestTimeout: requestTimeoutMs,
    // Node looks for requests that take too long only this often.
    connectionsCheckingInterval: 1000,
    noDelay: true,
  };
  if (config.server.tls.cert === undefined) return createHttpServer(limits);
  return createHttpsServer({ ...limits, ...readTls(config), handshakeTimeout: handshakeTimeoutMs });
}

/** The configuration was checked: the files exist and come together. */
function readTls({ server: { tls } }: Config): { cert: Buffer; key: Buffer; ca?: Buffer; passphrase?: string } {
  return {
    cert: readFileSync(tls.cert ?? ""),
    key: readFileSync(tls.key ?? ""),
    ...(tls.ca !== undefined && { ca: readFileSync(tls.ca) }),
    ...(tls.passphrase !== undefined && { passphrase: tls.passphrase }),
  };
}

function connectionLimits({ limits }: Config): { maxConnections?: number; maxConnectionsPerIp?: number } {
  const { maxConnections, maxConnectionsPerIp } = limits;
  return {
    ...(maxConnections >= 0 && { maxConnections }),
    ...(maxConnectionsPerIp >= 0 && { maxConnectionsPerIp }),
  };
}

function listen(server: HttpServer | HttpsServer, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/** What is safe and useful to log of a connection or request; never its headers. */
function describe({ connection, request }: FailureContext): Record<string, unknown> {
  return {
    ...(connection && { connection: connection.id }),
    ...(request && { ip: request.socket.remoteAddress, path: request.url?.split("?")[0]?.slice(0, 200) }),
  };
}
