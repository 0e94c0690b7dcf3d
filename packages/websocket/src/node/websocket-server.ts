/**
 * The WebSocket server: attaches to HTTP servers, routes upgrades, keeps the registry of connections, and drains. Bad
 * input of any kind ends in a named failure that goes to `onFailure`, and touches nobody else.
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, Server as HttpServer } from "node:http";
import type { Server as HttpsServer } from "node:https";
import type { Duplex } from "node:stream";
import { engineFailures } from "../failures/engine-failures.ts";
import { type Failure, FailureError } from "../failures/failure.ts";
import { toEvidenceText } from "../failures/evidence-text.ts";
import type { UpgradeRequestHead } from "../protocol/hop-by-hop.ts";
import { judgeMalformedRequest } from "../protocol/malformed-request.ts";
import { formatRefusal } from "../protocol/refusal.ts";
import { defaultRequestLimits, judgeRequestLimits, type RequestLimits } from "../protocol/request-limits.ts";
import { parseTarget } from "../protocol/request-target.ts";
import { judgeUpgradeRequest } from "../protocol/upgrade-request.ts";
import { AddressResolver } from "./client-address.ts";
import { WebSocketConnection } from "./connection.ts";
import { type ConnectionSettings, defaultConnectionSettings } from "./connection-settings.ts";
import { performHandshake, refuseWith } from "./handshake.ts";
import { refuseSocket } from "./refuse-socket.ts";
import {
  chooseHost,
  compileRoute,
  defaultHandshakeRules,
  type HandshakeRules,
  overrideKnown,
  type Route,
  type RouteOptions,
} from "./route.ts";
import type { RouteParameters } from "./route-path.ts";
import { TimerWheel } from "./timer-wheel.ts";
import type { HandshakeRequest } from "./upgrade-decision.ts";

/** What a failure is about, for logs and metrics. */
export interface FailureContext {
  /** The connection, once there is one. */
  readonly connection?: WebSocketConnection;
  /** The handshake request, where it got that far. */
  readonly request?: IncomingMessage;
  /** What the application threw. */
  readonly cause?: unknown;
}

export interface WebSocketServerOptions extends Partial<ConnectionSettings>, Partial<HandshakeRules> {
  /** Open connections and pending handshakes; more are refused with 503. Default: no limit. */
  readonly maxConnections?: number;
  /** The same per client address, with 429. Default: no limit. */
  readonly maxConnectionsPerIp?: number;
  /** Addresses or ranges of proxies whose `X-Forwarded-For` and `-Proto` are believed. Default: none. */
  readonly trustedProxies?: readonly string[];
  readonly requestLimits?: Partial<RequestLimits>;
  /** Bytes held of a client that sends before the 101; only in `compat`. */
  readonly maxEarlyDataBytes?: number;
  /** Every failure, for logs and metrics. Must not throw. */
  onFailure?(failure: Failure, context: FailureContext): void;
}

export interface ShutdownOptions {
  /** Close code for the clients; 1012 asks them to come back. */
  readonly code?: number;
  readonly reason?: string;
  /** Close frames are spread at random over this time, so that clients do not return all at once. */
  readonly drainWindowMs?: number;
  /** After this long, whoever has not answered is cut off. */
  readonly deadlineMs?: number;
  /** Says goodbye in the application's protocol, in place of `code` and `reason`. */
  closeConnection?(connection: WebSocketConnection): void;
  /** Goes on accepting handshakes, so that routes can refuse in the application's protocol; default: 503. */
  readonly keepAccepting?: boolean;
}

export interface ShutdownResult {
  /** Connections that ended by the closing handshake. */
  readonly clean: number;
  /** Connections that were cut off at the deadline. */
  readonly forced: number;
  readonly handshakesAborted: number;
  readonly durationMs: number;
}

const attachedServers = new WeakSet<HttpServer | HttpsServer>();

export class WebSocketServer {
  readonly #options: WebSocketServerOptions;
  readonly #routes: Route[] = [];
  readonly #wheel = new TimerWheel();
  readonly #addresses: AddressResolver;
  readonly #limits: RequestLimits;
  readonly #connections = new Map<string, WebSocketConnection>();
  readonly #handshakes = new Map<Duplex, AbortController>();
  readonly #socketsByIp = new Map<string, number>();
  #draining = false;

  /** @throws TypeError for a trusted proxy that is no address. */
  constructor(options: WebSocketServerOptions = {}) {
    this.#options = options;
    this.#addresses = new AddressResolver(options.trustedProxies ?? []);
    this.#limits = overrideKnown(defaultRequestLimits, options.requestLimits ?? {});
  }

  /** Open connections. */
  get size(): number {
    return this.#connections.size;
  }

  /** The connection with this id, unless it is gone. */
  get(id: string): WebSocketConnection | undefined {
    return this.#connections.get(id);
  }

  /** All connections at this moment; safe against joins and leaves while one iterates. */
  connections(): WebSocketConnection[] {
    return [...this.#connections.values()];
  }

  /**
   * Serves a path: a literal one, one with `:parameters`, a regular expression, or `*`. The first route that matches wins.
   * @throws TypeError for a bad pattern or origin.
   */
  route<Data = unknown>(path: string | RegExp, options: RouteOptions<Data>): this {
    const settings = overrideKnown(defaultConnectionSettings, this.#options);
    const rules = overrideKnown(defaultHandshakeRules, this.#options);
    const route = compileRoute(
      path,
      options,
      { settings, rules },
      {
        wheel: this.#wheel,
        onClosed: (connection) => this.#forget(connection),
        report: (failure, connection, cause) => this.#report(failure, { connection, cause }),
      },
    );
    this.#routes.push(route as Route);
    return this;
  }

  /**
   * Takes over the upgrades of an HTTP server, and the errors of requests that do not parse if nobody else does.
   * @throws FailureError `upgrade-handled-twice` if the server has an upgrade handler already.
   */
  attach(server: HttpServer | HttpsServer): this {
    if (attachedServers.has(server) || server.listenerCount("upgrade") > 0) {
      throw new FailureError(engineFailures.create("upgrade-handled-twice"));
    }
    attachedServers.add(server);
    server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
    if (server.listenerCount("clientError") === 0) {
      server.on("clientError", (error, socket) => this.answerClientError(error, socket));
    }
    return this;
  }

  /** Names a request that Node's parser gave up on, and answers it. For HTTP frameworks with a hook for such errors. */
  answerClientError(error: NodeJS.ErrnoException & { rawPacket?: Uint8Array }, socket: Duplex): void {
    const bytes = error.rawPacket ?? new Uint8Array(0);
    const failure = judgeMalformedRequest({ code: error.code, bytes }, this.#limits);
    this.#report(failure, {});
    if (!socket.writable || failure.httpStatus === undefined) socket.destroy();
    else refuseSocket(socket, formatRefusal({ status: failure.httpStatus, failure }));
  }

  /**
   * Ends all connections politely: no new ones, Close frames spread over the drain window, and whoever has not answered by
   * the deadline is cut off. Node's own `server.close()` touches no WebSocket.
   */
  async shutdown(options: ShutdownOptions = {}): Promise<ShutdownResult> {
    const { code = 1012, reason = "restart", drainWindowMs = 30_000, deadlineMs = 60_000 } = options;
    const startedAt = performance.now();
    this.#draining = options.keepAccepting !== true;
    const handshakesAborted = this.#draining ? this.#abortHandshakes() : 0;
    const connections = shuffle(this.connections());
    const total = connections.length;
    const closeConnection =
      options.closeConnection ??
      ((connection: WebSocketConnection) => connection.close(code, reason, { allowReserved: true }));
    const stepMs = 50;
    const steps = Math.max(1, Math.ceil(drainWindowMs / stepMs));
    for (let step = 1; step <= steps && this.size > 0; step += 1) {
      const until = Math.ceil((total * step) / steps);
      for (const connection of connections.splice(0, until - (total - connections.length))) {
        if (connection.isOpen) closeConnection(connection);
      }
      if (connections.length === 0) break;
      await delay(stepMs);
    }
    while (this.size > 0 && performance.now() - startedAt < deadlineMs) await delay(20);
    const forced = this.#terminateRest(startedAt);
    const durationMs = Math.round(performance.now() - startedAt);
    return { clean: total - forced, forced, handshakesAborted, durationMs };
  }

  #abortHandshakes(): number {
    const pending = [...this.#handshakes];
    for (const [socket, abort] of pending) {
      const failure = engineFailures.create("handshake-server-draining", {
        retryAfterSeconds: drawRetryAfter(),
      });
      abort.abort(new FailureError(failure));
      refuseSocket(socket, formatRefusal({ status: failure.httpStatus ?? 503, failure }));
    }
    return pending.length;
  }

  #terminateRest(startedAt: number): number {
    const rest = this.connections();
    for (const connection of rest) {
      const waitedMs = Math.round(performance.now() - startedAt);
      this.#report(engineFailures.create("shutdown-forced", { waitedMs }), { connection });
      connection.terminate();
    }
    return rest.length;
  }

  #upgrade(raw: IncomingMessage, socket: Duplex, head: Uint8Array): void {
    // Node hands the socket over without an error listener: a reset would be an uncaught exception.
    socket.on("error", ignoreUntilAdopted);
    const { ip, isSecure } = this.#addresses.resolve(raw);
    const found = this.#judge(raw, ip, isSecure);
    if ("name" in found) {
      this.#report(found, { request: raw });
      refuseWith(socket, raw, found);
      return;
    }
    this.#count(ip, 1);
    const forgetSocket = (): void => this.#count(ip, -1);
    socket.once("close", forgetSocket);
    void this.#accept(found.route, found.request, socket, head).catch((error: unknown) => {
      // Only a fault of the engine itself comes here; it costs this one socket.
      this.#report(engineFailures.create("handshake-hook-threw"), { request: raw, cause: error });
      socket.destroy();
    });
  }

  /** The route and the validated request, or why it is refused; in the fixed order of all checks. */
  #judge(
    raw: IncomingMessage,
    ip: string,
    isSecure: boolean,
  ): { route: Route; request: HandshakeRequest } | Failure {
    const head: UpgradeRequestHead = {
      method: raw.method ?? "",
      target: raw.url ?? "",
      httpVersion: raw.httpVersion,
      rawHeaders: raw.rawHeaders,
    };
    const early = this.#judgeCapacity(ip) ?? judgeRequestLimits(head, this.#limits) ?? this.#judgeDraining();
    if (early) return early;
    const target = parseTarget(head.target);
    if (!target.ok) return target.failure;
    const found = this.#findRoute(target.target.path);
    if (found === undefined) {
      return engineFailures.create("handshake-path-not-found", { path: toEvidenceText(target.target.path) });
    }
    const { route, parameters } = found;
    if (route.rules.requireTls && !isSecure) return engineFailures.create("tls-required");
    const verdict = judgeUpgradeRequest(head, route.upgradeRules);
    if (!verdict.ok) return verdict.failure;
    return { route, request: { ...verdict.request, parameters, ip, isSecure, raw } };
  }

  #judgeCapacity(ip: string): Failure | undefined {
    const { maxConnections, maxConnectionsPerIp } = this.#options;
    const retryAfterSeconds = drawRetryAfter();
    if (maxConnections !== undefined && this.size + this.#handshakes.size >= maxConnections) {
      return engineFailures.create("handshake-server-full", { limit: maxConnections, retryAfterSeconds });
    }
    if (maxConnectionsPerIp !== undefined && (this.#socketsByIp.get(ip) ?? 0) >= maxConnectionsPerIp) {
      return engineFailures.create("handshake-ip-limit", { limit: maxConnectionsPerIp, retryAfterSeconds });
    }
    return undefined;
  }

  #judgeDraining(): Failure | undefined {
    if (!this.#draining) return undefined;
    return engineFailures.create("handshake-server-draining", { retryAfterSeconds: drawRetryAfter() });
  }

  #findRoute(path: string): { route: Route; parameters: RouteParameters } | undefined {
    for (const route of this.#routes) {
      const parameters = route.match(path);
      if (parameters) return { route, parameters };
    }
    return undefined;
  }

  async #accept(route: Route, request: HandshakeRequest, socket: Duplex, head: Uint8Array): Promise<void> {
    const abort = new AbortController();
    this.#handshakes.set(socket, abort);
    const { maxEarlyDataBytes = 16_384 } = this.#options;
    const completed = await performHandshake({
      request,
      route,
      socket,
      head,
      maxEarlyDataBytes,
      abort,
      report: (failure, cause) => this.#report(failure, { request: request.raw, cause }),
    });
    this.#handshakes.delete(socket);
    if (completed === undefined || socket.destroyed) return;
    const { subprotocol, deflate, options, earlyData } = completed;
    const connection = new WebSocketConnection({
      id: randomUUID(),
      role: "server",
      socket,
      host: chooseHost(route, options.settings),
      data: options.data ?? route.options.data?.(request),
      subprotocol,
      deflate,
    });
    this.#connections.set(connection.id, connection);
    connection.start(earlyData);
  }

  #forget(connection: WebSocketConnection): void {
    this.#connections.delete(connection.id);
  }

  #count(ip: string, change: 1 | -1): void {
    const count = (this.#socketsByIp.get(ip) ?? 0) + change;
    if (count > 0) this.#socketsByIp.set(ip, count);
    else this.#socketsByIp.delete(ip);
  }

  #report(failure: Failure, context: FailureContext): void {
    this.#options.onFailure?.(failure, context);
  }
}

/** Seconds a refused client should wait; random, so that all of them do not return at once. */
function drawRetryAfter(): number {
  return 5 + Math.floor(Math.random() * 26);
}

function shuffle<T>(items: T[]): T[] {
  for (let i = items.length - 1; i > 0; i -= 1) {
    const j = Math.floor(Math.random() * (i + 1));
    [items[i], items[j]] = [items[j]!, items[i]!];
  }
  return items;
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** `close` follows every error, and whoever holds the socket by then listens to it. */
function ignoreUntilAdopted(): void {}
