/**
 * Composition root: makes every part of the server from the configuration, in the order in which they depend on each
 * other, and says in which order they start and stop. The only place besides the commands that reads the configuration.
 */
import { type FailureContext, WebSocketServer } from "@antiphon/websocket";
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import type { AntiphonServer, Listening, NodeOptions, ServerNode, WorkerPlace } from "./antiphon-server.ts";
import type { App } from "./apps/app.ts";
import { ConfigAppStore } from "./apps/config-app-store.ts";
import { AppHubs } from "./channels/app-hubs.ts";
import { ClusterReplica } from "./channels/cluster-replica.ts";
import { LocalHub } from "./channels/local-hub.ts";
import type { ClusterAdapter } from "./cluster/cluster-adapter.ts";
import { LocalClusterAdapter } from "./cluster/local-adapter.ts";
import type { Config } from "./config/load-config.ts";
import { AppConnectionSettings } from "./gateway/app-connection-settings.ts";
import { PusherGateway } from "./gateway/pusher-gateway.ts";
import { ApiRates } from "./http/api-rates.ts";
import { createHttpApi } from "./http/http-api.ts";
import type { ServerStatus } from "./http/http-api-options.ts";
import { SharedRates } from "./http/shared-rates.ts";
import { ClusterMembership } from "./lifecycle/cluster-membership.ts";
import { FailureLog } from "./lifecycle/failure-log.ts";
import {
  type AnyHttpServer,
  close,
  createHttpServer,
  listen,
  reloadCertificate,
} from "./lifecycle/http-server.ts";
import { createMemoryWatch } from "./lifecycle/memory-watch.ts";
import { now, timeOfDay } from "./lifecycle/process-clock.ts";
import { reportOnce } from "./lifecycle/report-once.ts";
import { timerScheduler } from "./lifecycle/timer-scheduler.ts";
import { WebhookDelivery } from "./lifecycle/webhook-delivery.ts";
import { createWebhookStores } from "./lifecycle/webhook-stores.ts";
import { createMetrics, type MetricObject, type Metrics } from "./metrics/metrics.ts";
import { MetricsServer } from "./metrics/metrics-server.ts";
import { isFull } from "./pusher/admission.ts";
import type { ClusterView } from "./webhooks/leading-view.ts";

/** Makes a server of one process; nothing listens before `start`. */
export function createApp(config: Config, options: { readonly logger: Logger }): AntiphonServer {
  return createNode(config, options);
}

/** Makes one process of a server, or a server of one process. */
export function createNode(config: Config, options: NodeOptions): ServerNode {
  return new Antiphon(config, options);
}

/** After the drain window, clients have this long to answer their Close frame. */
const closeAnswerMs = 2000;

/** Connections above the node's limit that are open at the same time to be told so. */
const refusedAtOnce = 1000;

class Antiphon implements ServerNode {
  readonly #config: Config;
  readonly #logger: Logger;
  readonly #failures: FailureLog;
  readonly #apps: ConfigAppStore;
  readonly #worker: WorkerPlace | undefined;
  readonly #cluster: ClusterAdapter;
  /** Where servers on several machines are one. */
  readonly #membership: ClusterMembership | undefined;
  /** Workers on a bus leave them to the primary process. */
  readonly #webhooks: WebhookDelivery | undefined;
  readonly #hubs: AppHubs;
  readonly #replica: ClusterReplica;
  readonly #rates: ApiRates;
  readonly #metrics: Metrics;
  readonly #metricsServer: MetricsServer | undefined;
  readonly #server: AnyHttpServer;
  readonly #websockets: WebSocketServer;
  readonly #api: FastifyInstance;
  /** For the connections to Redis or NATS, of which there are several. */
  readonly #reportBackend = reportOnce((failure) => this.#failures.write(failure, {}), now);
  #port = 0;
  #status: ServerStatus = "starting";

  constructor(config: Config, { logger, worker }: NodeOptions) {
    this.#config = config;
    this.#logger = logger;
    this.#failures = new FailureLog(logger);
    this.#apps = new ConfigAppStore(config.apps);
    this.#worker = worker;
    const bus = worker?.cluster;
    this.#membership = bus === undefined ? this.#createMembership() : undefined;
    this.#cluster = bus ?? this.#membership?.adapter ?? new LocalClusterAdapter();
    this.#webhooks = bus === undefined ? this.#createWebhooks() : undefined;
    this.#hubs = new AppHubs((app) => this.#createHub(app));
    this.#replica = this.#createReplica();
    const sharedRates = new SharedRates({ cluster: this.#cluster, scheduler: timerScheduler });
    this.#rates = new ApiRates({ now: timeOfDay, onTaken: (taken) => sharedRates.noteTaken(taken) });
    this.#metrics = this.#createNodeMetrics();
    this.#metricsServer = this.#createMetricsServer();
    this.#server = createHttpServer(config);
    this.#websockets = this.#createWebSockets();
    this.#createGateway().register(this.#websockets);
    this.#api = this.#createApi();
    this.#websockets.attach(this.#server);
  }

  async start(): Promise<Listening> {
    await this.#api.ready();
    this.#membership?.announceStart();
    try {
      await Promise.all([this.#webhooks?.start(), this.#cluster.start(this.#replica)]);
      return await this.#listen();
    } catch (error) {
      await close(this.#server);
      // Else the other nodes would count this one until it is given up.
      await this.#cluster.stop();
      await this.#webhooks?.close();
      throw error;
    }
  }

  async stop(reason = "shutdown", { othersServe = false } = {}): Promise<void> {
    if (this.#status === "draining") return;
    this.#status = "draining";
    const { shutdownGraceMs } = this.#config.server;
    const closed = othersServe ? close(this.#server) : undefined;
    const drained = await this.#websockets.shutdown({
      drainWindowMs: shutdownGraceMs,
      deadlineMs: shutdownGraceMs + closeAnswerMs,
      closeConnection: (connection) => PusherGateway.drain(connection),
      // A Pusher client that comes now is told 4100 inside the WebSocket, and comes back after a while.
      keepAccepting: true,
    });
    const { clean, forced, durationMs } = drained;
    this.#logger.info({ reason, clean, forced, durationMs }, "connections drained");
    await (closed ?? close(this.#server));
    await this.#api.close();
    await this.#cluster.stop();
    await this.#webhooks?.close();
    await this.#metricsServer?.stop();
  }

  reload(config: Config): void {
    // First, because it throws where the files hold no certificate: then nothing has changed yet.
    reloadCertificate(this.#server, config);
    this.#apps.replace(config.apps);
    this.#hubs.update(config.apps);
    this.#webhooks?.update();
  }

  readMetrics(): Promise<readonly MetricObject[]> {
    return this.#metrics.readObjects();
  }

  async #listen(): Promise<Listening> {
    const { host, port, tls } = this.#config.server;
    const address = await listen(this.#server, { host, port, reusePort: this.#worker?.reusePort ?? false });
    this.#port = address.port;
    const metricsUrl = await this.#metricsServer?.start();
    this.#status = "ready";
    const scheme = tls.cert === undefined ? "http" : "https";
    const name = address.family === "IPv6" ? `[${address.address}]` : address.address;
    const url = `${scheme}://${name}:${address.port}`;
    return { url, host, port: address.port, ...(metricsUrl !== undefined && { metricsUrl }) };
  }

  #createMembership(): ClusterMembership | undefined {
    if (this.#config.cluster.driver === "none") return undefined;
    return new ClusterMembership({
      settings: this.#config,
      logger: this.#logger,
      report: (failure) => this.#failures.write(failure, {}),
      onBackendLost: () => this.#webhooks?.remember(this.#clusterView()),
      reportBackend: this.#reportBackend,
      now,
      scheduler: timerScheduler,
    });
  }

  #createReplica(): ClusterReplica {
    return new ClusterReplica({
      hubs: this.#hubs,
      findApp: (appId) => this.#apps.findById(appId),
      raise: (app, occurrence) => this.#webhooks?.accept(app, occurrence),
      onRateTaken: (app, taken) => this.#rates.takeElsewhere(app, taken),
      onNodeJoined: (nodeId) => this.#membership?.nodeJoined(nodeId),
      onNodeLeft: (nodeId) => this.#membership?.nodeLeft(nodeId),
      onLeadership: (leads) => this.#changeLeadership(leads),
    });
  }

  #changeLeadership(leads: boolean): void {
    if (!leads) {
      this.#membership?.leadershipLost();
      this.#webhooks?.stopLeading();
      return;
    }
    this.#webhooks?.lead(this.#clusterView());
  }

  #clusterView(): ClusterView {
    return {
      apps: () => this.#apps.all(),
      channelsOf: (appId) => this.#hubs.find(appId),
      leads: () => this.#membership?.adapter.leads ?? true,
    };
  }

  #createNodeMetrics(): Metrics {
    const membership = this.#membership;
    return createMetrics({
      prefix: this.#config.metrics.prefix,
      port: () => this.#port,
      hubs: this.#hubs,
      webhookQueueDepth: () => this.#webhooks?.depth() ?? 0,
      ...(membership && { cluster: () => membership.readFigures() }),
    });
  }

  #createWebhooks(): WebhookDelivery {
    return new WebhookDelivery({
      settings: this.#config.webhooks,
      now,
      timeOfDay,
      failures: this.#failures,
      onDelivery: (result) => this.#metrics.webhookDone(result),
      stores: createWebhookStores(this.#config, { watches: true, report: this.#reportBackend }),
    });
  }

  #createHub(app: App): LocalHub {
    const createFanOut = () => this.#metrics.createFanOut(app.id);
    const hub = new LocalHub({ app, createFanOut, now, scheduler: timerScheduler, cluster: this.#cluster });
    hub.onOccurrence((occurrence) => {
      if (hub.app.webhooks.length > 0) this.#cluster.occurred(app.id, occurrence);
    });
    this.#replica.feed(hub);
    return hub;
  }

  #createMetricsServer(): MetricsServer | undefined {
    const { enabled, host, port } = this.#config.metrics;
    if (!enabled || this.#worker) return undefined;
    return new MetricsServer({
      host,
      port,
      metrics: this.#metrics,
      status: () => this.#status,
      lostBackend: () => this.#membership?.lostBackend(),
      report: (failure, { error, ...context }) => this.#failures.write(failure, context, error),
    });
  }

  #createWebSockets(): WebSocketServer {
    const { limits, server } = this.#config;
    return new WebSocketServer({
      // Browsers hide a refused handshake: the gateway refuses inside the WebSocket, and the engine only beyond that.
      ...(limits.maxConnections >= 0 && { maxConnections: limits.maxConnections + refusedAtOnce }),
      ...(limits.maxConnectionsPerIp >= 0 && { maxConnectionsPerIp: limits.maxConnectionsPerIp }),
      trustedProxies: server.trustedProxies,
      deflate: server.compression,
      onFailure: (failure, context) => {
        this.#metrics.engineFailed(failure, context);
        this.#failures.write(failure, describe(context), context.cause);
      },
    });
  }

  #createGateway(): PusherGateway {
    const { limits, server, health } = this.#config;
    const isMemoryFull = createMemoryWatch(health.memoryThresholdPercent);
    const isNodeFull = (clients: number): boolean =>
      isFull(clients + this.#hubs.remoteConnectionCount(), limits.maxConnections);
    return new PusherGateway({
      apps: this.#apps,
      hubs: this.#hubs,
      connectionSettings: new AppConnectionSettings(limits.maxMessageBytes),
      pathPrefix: server.pathPrefix,
      now,
      scheduler: timerScheduler,
      isDraining: () => this.#status === "draining",
      isOverloaded: (clients) => isNodeFull(clients) || isMemoryFull(),
      observer: this.#metrics,
      transportFor: (connection, appId) => this.#metrics.createTransport(connection, appId),
      onAdmitted: (client) => this.#logger.debug(client, "client connected"),
      report: (failure, context) => {
        this.#metrics.sessionFailed(failure);
        this.#failures.write(failure, { ...context });
      },
    });
  }

  #createApi(): FastifyInstance {
    const { limits, server, health } = this.#config;
    return createHttpApi({
      server: this.#server,
      apps: this.#apps,
      hubFor: (app) => this.#hubs.for(app),
      now: timeOfDay,
      rates: this.#rates,
      pathPrefix: server.pathPrefix,
      limits,
      status: () => this.#status,
      lostBackend: () => this.#membership?.lostBackend(),
      memoryThresholdPercent: health.memoryThresholdPercent,
      onRequestDone: (request) => this.#metrics.requestDone(request),
      answerPlainHandshake: (request, response) => this.#websockets.refusePlainRequest(request, response),
      answerClientError: (error, socket) => this.#websockets.answerClientError(error, socket),
      report: (failure, { error, ...context }) => {
        this.#metrics.requestRefused(failure);
        this.#failures.write(failure, context, error);
      },
    });
  }
}

/** What is safe and useful to log of a connection or request; never its headers or its query. */
function describe({ connection, request }: FailureContext): Record<string, unknown> {
  return {
    ...(connection && { connection: connection.id }),
    ...(request && { ip: request.socket.remoteAddress, path: request.url?.split("?")[0]?.slice(0, 200) }),
  };
}
