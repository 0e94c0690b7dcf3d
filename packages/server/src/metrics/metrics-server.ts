/**
 * The metrics listener: a small HTTP server on an address of its own, so that it can stay private. Made by the composition
 * root; read by Prometheus, and by whoever looks after the process.
 *
 *   /metrics  Prometheus text, JSON with `?json=1`      /ready  503 unless the server takes traffic
 *   /usage    memory                                    /       alive
 */
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Failure } from "@antiphon/websocket";
import { httpFailures } from "../failures/http-failures.ts";
import { metricsFailures } from "../failures/metrics-failures.ts";
import { findUnreadiness } from "../http/health-routes.ts";
import type { HttpFailureContext, LostBackend, ServerStatus } from "../http/http-api-options.ts";
import { type MemoryUse, readMemoryUse, toPercent } from "../http/memory-use.ts";
import { formatRefusal } from "../http/refusal.ts";
import { excerpt } from "../pusher/excerpt.ts";
import { splitTarget } from "../pusher/request-signing-text.ts";
import type { Metrics } from "./metrics.ts";

export interface MetricsServerOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly metrics: Pick<Metrics, "formatText" | "formatJson">;
  readonly status: () => ServerStatus;
  /** As for the health routes. */
  readonly lostBackend?: () => LostBackend | undefined;
  /** Told of every refusal. */
  readonly report: (failure: Failure, context: HttpFailureContext) => void;
  /** Left out, that of this process. */
  readonly memoryUse?: () => MemoryUse;
}

interface Answer {
  readonly status?: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

type Route = (query: URLSearchParams) => Answer | Failure | Promise<Answer>;

const json = "application/json";
/** What Prometheus expects of its text format. */
const prometheusText = "text/plain; version=0.0.4; charset=utf-8";
const healthy: Answer = { type: json, body: '{"health":"OK"}' };
const allowedMethods = "GET, HEAD";

/** Scrapers are few, send no bodies and close idle connections themselves. */
const serverLimits = { maxHeaderSize: 8192, headersTimeout: 5000, requestTimeout: 10_000 };
const maxConnections = 100;
/** How long `stop` waits for answers that are on their way. */
const stopGraceMs = 1000;

export class MetricsServer {
  readonly #options: MetricsServerOptions;
  readonly #server: Server;
  readonly #routes: ReadonlyMap<string, Route>;

  constructor(options: MetricsServerOptions) {
    this.#options = options;
    const { metrics, status, lostBackend, memoryUse = readMemoryUse } = options;
    this.#routes = new Map<string, Route>([
      ["/", () => healthy],
      ["/ready", () => findUnreadiness(status(), lostBackend?.()) ?? healthy],
      ["/usage", () => ({ type: json, body: formatUsage(memoryUse()) })],
      ["/metrics", (query) => answerMetrics(metrics, query)],
    ]);
    this.#server = createServer(serverLimits, (request, response) => void this.#answer(request, response));
    this.#server.maxConnections = maxConnections;
  }

  /** Listens, and gives the URL to scrape. Rejects with Node's error if it cannot. */
  async start(): Promise<string> {
    const { host, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, host, () => {
        this.#server.off("error", reject);
        resolve();
      });
    });
    // It listens on a TCP port, so the address is one.
    const address = this.#server.address() as AddressInfo;
    const name = address.family === "IPv6" ? `[${address.address}]` : address.address;
    return `http://${name}:${address.port}/metrics`;
  }

  /** Closes; answers that are on their way get a moment. May be called before `start`, and again. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const cutOff = setTimeout(() => this.#server.closeAllConnections(), stopGraceMs);
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    clearTimeout(cutOff);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { path, query } = splitTarget(request.url ?? "/");
    try {
      const result = await this.#find(request.method ?? "", path, query);
      if ("body" in result) send(response, result);
      else this.#refuse(request, response, result);
    } catch (error) {
      this.#refuse(
        request,
        response,
        httpFailures.create("http-internal-error", { id: randomUUID() }),
        error,
      );
    }
  }

  #find(method: string, path: string, query: string): Answer | Failure | Promise<Answer> {
    const route = this.#routes.get(path);
    if (route === undefined) return metricsFailures.create("metrics-path-unknown", { path: excerpt(path) });
    if (method === "GET" || method === "HEAD") return route(new URLSearchParams(query));
    return httpFailures.create("http-method-not-allowed", { method, path, allow: allowedMethods });
  }

  #refuse(request: IncomingMessage, response: ServerResponse, failure: Failure, error?: unknown): void {
    this.#options.report(failure, {
      method: request.method ?? "",
      path: excerpt(splitTarget(request.url ?? "/").path),
      remoteAddress: request.socket.remoteAddress,
      ...(error === undefined ? {} : { error }),
    });
    const status = failure.httpStatus ?? 500;
    const headers = {
      ...(status === 405 && { allow: allowedMethods }),
      ...(status === 503 && { "retry-after": "1" }),
    };
    send(response, { status, type: json, body: formatRefusal(failure, status), headers });
  }
}

async function answerMetrics(
  metrics: MetricsServerOptions["metrics"],
  query: URLSearchParams,
): Promise<Answer> {
  if (query.get("json")) return { type: json, body: await metrics.formatJson() };
  return { type: prometheusText, body: await metrics.formatText() };
}

/** In the shape that soketi answers with, in bytes and percent. */
function formatUsage(use: MemoryUse): string {
  const { usedSize: used, totalSize: total } = use;
  return JSON.stringify({ memory: { free: total - used, used, total, percent: toPercent(use) } });
}

function send(response: ServerResponse, { status = 200, type, body, headers = {} }: Answer): void {
  const bytes = Buffer.from(body);
  response.writeHead(status, { ...headers, "content-type": type, "content-length": bytes.length });
  response.end(bytes);
}
