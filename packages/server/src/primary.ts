/**
 * Composition root of a server of several processes: the primary process serves no client. It keeps the workers running,
 * carries what they tell each other, raises webhooks for all of them, and answers for their metrics.
 */
import { createSecureContext } from "node:tls";
import type { Logger } from "pino";
import type { AntiphonServer, Listening } from "./app.ts";
import { ConfigAppStore } from "./apps/config-app-store.ts";
import { type BusPath, createBusPath } from "./cluster/workers/bus-path.ts";
import { Overview } from "./cluster/workers/overview.ts";
import { Supervisor } from "./cluster/workers/supervisor.ts";
import type { Config } from "./config/load-config.ts";
import type { ServerStatus } from "./http/http-api-options.ts";
import { FailureLog } from "./lifecycle/failure-log.ts";
import { readCertificate } from "./lifecycle/http-server.ts";
import { now, timeOfDay } from "./lifecycle/process-clock.ts";
import { timerScheduler } from "./lifecycle/timer-scheduler.ts";
import { WebhookDelivery } from "./lifecycle/webhook-delivery.ts";
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

class Primary implements AntiphonServer {
  readonly #config: Config;
  readonly #options: PrimaryOptions;
  readonly #failures: FailureLog;
  readonly #apps: ConfigAppStore;
  readonly #webhooks: WebhookDelivery;
  readonly #overview: Overview;
  readonly #ownMetrics: Metrics;
  readonly #metrics: MergedMetrics;
  readonly #metricsServer: MetricsServer | undefined;
  #supervisor: Supervisor | undefined;
  #busPath: BusPath | undefined;
  #port = 0;
  #status: ServerStatus = "starting";

  constructor(config: Config, options: PrimaryOptions) {
    this.#config = config;
    this.#options = options;
    this.#failures = new FailureLog(options.logger);
    this.#apps = new ConfigAppStore(config.apps);
    this.#webhooks = new WebhookDelivery({
      settings: config.webhooks,
      now,
      timeOfDay,
      failures: this.#failures,
      onDelivery: (result) => this.#ownMetrics.webhookDone(result),
    });
    this.#overview = new Overview({
      findApp: (appId) => this.#apps.findById(appId),
      raise: (app, occurrence) => {
        if (app.webhooks.length > 0) this.#webhooks.accept(app, occurrence);
      },
      report: (failure) => this.#failures.write(failure, {}),
      now,
      scheduler: timerScheduler,
    });
    this.#ownMetrics = createMetrics({
      prefix: config.metrics.prefix,
      port: () => this.#port,
      hubs: this.#overview.hubs,
      webhookQueueDepth: () => this.#webhooks.depth(),
      nodeCount: () => this.#supervisor?.readyCount ?? 0,
    });
    this.#metrics = new MergedMetrics({
      own: this.#ownMetrics,
      readWorkers: async () => this.#supervisor?.readMetrics() ?? [],
    });
    this.#metricsServer = this.#createMetricsServer();
  }

  async start(): Promise<Listening> {
    this.#busPath = await createBusPath();
    try {
      await this.#overview.bus.start(this.#busPath.path);
      this.#supervisor = this.#createSupervisor(this.#busPath.path);
      const listening = await this.#supervisor.start();
      this.#port = listening.port;
      const metricsUrl = await this.#metricsServer?.start();
      this.#status = "ready";
      return { ...listening, ...(metricsUrl !== undefined && { metricsUrl }) };
    } catch (error) {
      await this.#supervisor?.stop("failed start", 0);
      await this.#closeBus();
      throw error;
    }
  }

  async stop(reason = "shutdown"): Promise<void> {
    if (this.#status === "draining") return;
    this.#status = "draining";
    await this.#supervisor?.stop(reason, this.#config.server.shutdownGraceMs + stopSlackMs);
    await this.#overview.bus.idle();
    await this.#webhooks.close();
    await this.#metricsServer?.stop();
    await this.#closeBus();
  }

  async reload(config: Config): Promise<void> {
    const usesTls = this.#config.server.tls.cert !== undefined && config.server.tls.cert !== undefined;
    // First, because it throws where the files hold no certificate: then nothing has changed yet.
    if (usesTls) createSecureContext(readCertificate(config));
    this.#apps.replace(config.apps);
    this.#overview.hubs.update(config.apps);
    const supervisor = this.#supervisor;
    if (supervisor === undefined) return;
    // Everything else needs a restart of all: a worker that is replaced must not differ from the others.
    const { apps, developmentApp } = config;
    const inForce = supervisor.config;
    const server = usesTls ? { ...inForce.server, tls: config.server.tls } : inForce.server;
    await supervisor.reload({ ...inForce, apps, developmentApp, server });
  }

  #createSupervisor(busPath: string): Supervisor {
    const { logger, workers } = this.#options;
    return new Supervisor({
      count: workers,
      config: this.#config,
      busPath,
      logger,
      report: (failure) => this.#failures.write(failure, {}),
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

  async #closeBus(): Promise<void> {
    await this.#overview.bus.stop();
    await this.#busPath?.remove();
  }
}
