/**
 * Composition root of a server of several processes: the primary process serves no client. It keeps the workers running, and
 * answers for their metrics. Where no server between machines joins the workers, it also carries what they tell each other, and
 * raises webhooks for all of them.
 */
import { createSecureContext } from "node:tls";
import type { Failure } from "@antiphon/websocket";
import type { Logger } from "pino";
import type { AntiphonServer, Listening } from "./antiphon-server.ts";
import { ConfigAppStore } from "./apps/config-app-store.ts";
import { AppHubs } from "./channels/app-hubs.ts";
import { Supervisor } from "./cluster/workers/supervisor.ts";
import type { Config } from "./config/load-config.ts";
import type { ServerStatus } from "./http/http-api-options.ts";
import { FailureLog } from "./lifecycle/failure-log.ts";
import { readCertificate } from "./lifecycle/http-server.ts";
import { now, timeOfDay } from "./lifecycle/process-clock.ts";
import { WebhookDelivery } from "./lifecycle/webhook-delivery.ts";
import { createWebhookStores } from "./lifecycle/webhook-stores.ts";
import { WorkersBus } from "./lifecycle/workers-bus.ts";
import { MergedMetrics } from "./metrics/merged-metrics.ts";
import { createMetrics, type Metrics } from "./metrics/metrics.ts";
import { MetricsServer } from "./metrics/metrics-server.ts";

export interface PrimaryOptions {
  readonly logger: Logger;
  /** How many processes serve clients. */
  readonly workers: number;
}

/** Makes a server of several processes; none of them runs before `start`. */
export function createPrimary(config: Config, options: PrimaryOptions): AntiphonServer {
  return new Primary(config, options);
}

/** What a worker may need beyond the time that its clients are given: for their answers, requests under way, the bus. */
const stopSlackMs = 8000;

/** Of a primary process that sees nothing of what its workers do. */
const noHubs = new AppHubs((app) => {
  throw new TypeError(`the primary process has no hub for app ${app.id}`);
});

class Primary implements AntiphonServer {
  readonly #config: Config;
  readonly #options: PrimaryOptions;
  readonly #failures: FailureLog;
  readonly #apps: ConfigAppStore;
  /** Of workers that nothing else joins, as is the bus. */
  readonly #webhooks: WebhookDelivery | undefined;
  readonly #bus: WorkersBus | undefined;
  readonly #ownMetrics: Metrics;
  readonly #metrics: MergedMetrics;
  readonly #metricsServer: MetricsServer | undefined;
  #supervisor: Supervisor | undefined;
  #port = 0;
  #status: ServerStatus = "starting";

  constructor(config: Config, options: PrimaryOptions) {
    this.#config = config;
    this.#options = options;
    this.#failures = new FailureLog(options.logger);
    this.#apps = new ConfigAppStore(config.apps);
    if (config.cluster.driver === "none") {
      this.#webhooks = this.#createWebhooks();
      this.#bus = this.#createBus(this.#webhooks);
    }
    this.#ownMetrics = this.#createOwnMetrics();
    this.#metrics = new MergedMetrics({
      own: this.#ownMetrics,
      readWorkers: async () => this.#supervisor?.readMetrics() ?? [],
    });
    this.#metricsServer = this.#createMetricsServer();
  }

  async start(): Promise<Listening> {
    try {
      this.#supervisor = this.#createSupervisor(await this.#bus?.start());
      const listening = await this.#supervisor.start();
      this.#port = listening.port;
      const metricsUrl = await this.#metricsServer?.start();
      this.#status = "ready";
      return { ...listening, ...(metricsUrl !== undefined && { metricsUrl }) };
    } catch (error) {
      await this.#supervisor?.stop("failed start", 0);
      await this.#bus?.stop();
      throw error;
    }
  }

  async stop(reason = "shutdown"): Promise<void> {
    if (this.#status === "draining") return;
    this.#status = "draining";
    await this.#supervisor?.stop(reason, this.#config.server.shutdownGraceMs + stopSlackMs);
    await this.#bus?.drain();
    await this.#metricsServer?.stop();
    await this.#bus?.stop();
  }

  async reload(config: Config): Promise<void> {
    const usesTls = this.#config.server.tls.cert !== undefined && config.server.tls.cert !== undefined;
    // First, because it throws where the files hold no certificate: then nothing has changed yet.
    if (usesTls) createSecureContext(readCertificate(config));
    this.#apps.replace(config.apps);
    this.#bus?.update();
    const supervisor = this.#supervisor;
    if (supervisor === undefined) return;
    // Everything else needs a restart of all: a worker that is replaced must not differ from the others.
    const { apps, developmentApp } = config;
    const inForce = supervisor.config;
    const server = usesTls ? { ...inForce.server, tls: config.server.tls } : inForce.server;
    await supervisor.reload({ ...inForce, apps, developmentApp, server });
  }

  readonly #report = (failure: Failure): void => this.#failures.write(failure, {});

  #createWebhooks(): WebhookDelivery {
    return new WebhookDelivery({
      settings: this.#config.webhooks,
      now,
      timeOfDay,
      failures: this.#failures,
      onDelivery: (result) => this.#ownMetrics.webhookDone(result),
      stores: createWebhookStores(this.#config, { watches: true, report: this.#report }),
    });
  }

  #createBus(webhooks: WebhookDelivery): WorkersBus {
    return new WorkersBus({ apps: this.#apps, webhooks, report: this.#report });
  }

  /** Workers that are nodes of a distributed cluster know themselves how many nodes there are. */
  #createOwnMetrics(): Metrics {
    const bus = this.#bus;
    return createMetrics({
      prefix: this.#config.metrics.prefix,
      port: () => this.#port,
      hubs: bus?.hubs ?? noHubs,
      webhookQueueDepth: () => this.#webhooks?.depth() ?? 0,
      ...(bus && { nodeCount: () => this.#supervisor?.readyCount ?? 0 }),
    });
  }

  #createSupervisor(busPath: string | undefined): Supervisor {
    const { logger, workers } = this.#options;
    return new Supervisor({
      count: workers,
      config: this.#config,
      ...(busPath !== undefined && { busPath }),
      logger,
      report: this.#report,
      onEnded: (lastMetrics) => this.#metrics.keepCounts(lastMetrics),
    });
  }

  #createMetricsServer(): MetricsServer | undefined {
    const { enabled, host, port } = this.#config.metrics;
    if (!enabled) return undefined;
    return new MetricsServer({
      host,
      port,
      metrics: this.#metrics,
      status: () => this.#readStatus(),
      report: (failure, { error, ...context }) => this.#failures.write(failure, context, error),
    });
  }

  /** While no worker listens, nobody is served. */
  #readStatus(): ServerStatus {
    return this.#status === "ready" && this.#supervisor?.readyCount === 0 ? "starting" : this.#status;
  }
}
