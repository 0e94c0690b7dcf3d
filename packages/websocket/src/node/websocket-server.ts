/**
 * The WebSocket server: attaches to HTTP servers, routes upgrades, keeps the registry of connections, and drains. Bad
 * input of any kind ends in a named failure that goes to `onFailure`, and touches nobody else.
 */
import type { IncomingMessage, Server as HttpServer, ServerResponse } from "node:http";
import type { Server as HttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { SecureContextOptions } from "node:tls";
import { engineFailures } from "../failures/engine-failures.ts";
import { type Failure, FailureError } from "../failures/failure.ts";
import { toEvidenceText } from "../failures/evidence-text.ts";
import type { UpgradeRequestHead } from "../protocol/hop-by-hop.ts";
import { judgeMalformedRequest } from "../protocol/malformed-request.ts";
import { formatRefusal } from "../protocol/refusal.ts";
import { defaultRequestLimits, judgeRequestLimits, type RequestLimits } from "../protocol/request-limits.ts";
import { parseTarget } from "../protocol/request-target.ts";
import { judgeUpgradeRequest } from "../protocol/upgrade-request.ts";
import { AcceptedRequest } from "./accepted-request.ts";
import { AddressResolver, type ClientAddress } from "./client-address.ts";
import { WebSocketConnection } from "./connection.ts";
import { createConnectionId } from "./connection-id.ts";
import { ConnectionRegistry, type ConnectionPage, type ConnectionQuery } from "./connection-registry.ts";
import type { SendResult } from "./connection-host.ts";
import { type ConnectionSettings, defaultConnectionSettings } from "./connection-settings.ts";
import { drain, type DrainResult } from "./drain.ts";
import {
  createListener,
  defaultHandshakeTimeoutMs,
  listen,
  type ListenOptions,
  refusePlainRequest,
} from "./http-listener.ts";
import { type CompletedHandshake, Handshake, refuseWith } from "./handshake.ts";
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
import { nameTlsClientError } from "./tls-client-failure.ts";
import { Topics } from "./topics.ts";
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
  /** Aborts all waiting: whoever is left is cut off at once. */
  readonly signal?: AbortSignal;
  /** Goes on accepting handshakes, so that routes can refuse in the application's protocol; default: 503. */
  readonly keepAccepting?: boolean;
}

export interface ShutdownResult extends DrainResult {
  readonly handshakesAborted: number;
}

interface Acceptable {
  readonly route: Route;
  readonly request: HandshakeRequest;
}

const attachedServers = new WeakSet<HttpServer | HttpsServer>();

export class WebSocketServer {
  readonly #options: WebSocketServerOptions;
  readonly #routes: Route[] = [];
  readonly #wheel = new TimerWheel();
  readonly #addresses: AddressResolver;
  readonly #limits: RequestLimits;
  readonly #registry = new ConnectionRegistry();
  /** Those that wait for their hook. */
  readonly #handshakes = new Set<Handshake<unknown>>();
  readonly #socketsByIp = new Map<string, number>();
  #listener: HttpServer | HttpsServer | undefined;
  #tls: ListenOptions["tls"];
  #handshakeTimeoutMs = defaultHandshakeTimeoutMs;
  #listenerClosed: Promise<void> | undefined;
  #draining = false;

  /** Publish and subscribe by name. */
  readonly topics = new Topics();

  /** @throws TypeError for a trusted proxy that is no address. */
  constructor(options: WebSocketServerOptions = {}) {
    this.#options = options;
    this.#addresses = new AddressResolver(options.trustedProxies ?? []);
    this.#limits = overrideKnown(defaultRequestLimits, options.requestLimits ?? {});
  }

  /** Open connections. */
  get size(): number {
    return this.#registry.size;
  }

  /** The connection with this id, unless it is gone. */
  get(id: string): WebSocketConnection | undefined {
    return this.#registry.get(id);
  }

  /** Connections that match, oldest first; all without a query. Safe against joins and leaves while one iterates. */
  connections(query?: ConnectionQuery): WebSocketConnection[] {
    return query === undefined ? this.#registry.all() : this.#registry.find(query);
  }

  /** One page of a long list of connections. */
  page(limit: number, cursor?: number): ConnectionPage {
    return this.#registry.page(limit, cursor);
  }

  /** Marks a connection for queries, for example as `user:7`. False if it is gone. */
  tag(id: string, tag: string): boolean {
    return this.#registry.tag(id, tag);
  }

  untag(id: string, tag: string): void {
    this.#registry.untag(id, tag);
  }

  tags(id: string): readonly string[] {
    return this.#registry.tags(id);
  }

  /** Sends to one connection; `unknown` if it is gone. */
  send(id: string, data: string | Uint8Array): SendResult | "unknown" {
    return this.#registry.get(id)?.send(data) ?? "unknown";
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
        onClosed: (connection) => this.#registry.delete(connection.id),
        report: (failure, connection, cause) => this.#report(failure, { connection, cause }),
      },
    );
    this.#routes.push(route);
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

  /** Listens with an HTTP server of its own; `shutdown` closes it. Rejects with Node's error, for example EADDRINUSE. */
  async listen(options: ListenOptions = {}): Promise<AddressInfo> {
    if (this.#listener) throw new TypeError("this server listens already; attach further HTTP servers");
    this.#handshakeTimeoutMs = options.handshakeTimeoutMs ?? defaultHandshakeTimeoutMs;
    const listener = createListener(options, this.#limits, (request, response) =>
      this.refusePlainRequest(request, response),
    );
    this.attach(listener);
    const address = await listen(listener, options);
    this.#listener = listener;
    this.#tls = options.tls;
    return address;
  }

  /**
   * Serves new TLS connections with another certificate; open ones stay as they are.
   * @throws TypeError if this server does not listen with TLS, and Node's error for a bad certificate.
   */
  updateCertificate(certificate: Pick<SecureContextOptions, "cert" | "key" | "ca" | "passphrase">): void {
    if (this.#listener === undefined || !("setSecureContext" in this.#listener)) {
      throw new TypeError("this server does not listen with TLS");
    }
    // The new context takes the place of the whole old one, ciphers and versions included.
    this.#listener.setSecureContext({ ...this.#tls, ...certificate });
  }

  /** Answers a request that reached a WebSocket path as plain HTTP. For HTTP servers that this one is attached to. */
  refusePlainRequest(request: IncomingMessage, response: ServerResponse): void {
    const failure = refusePlainRequest(request, response, (path) => this.#findRoute(path) !== undefined);
    if (failure) this.#report(failure, { request });
  }

  /** Names a request that Node's parser gave up on, and answers it. For HTTP frameworks with a hook for such errors. */
  answerClientError(error: NodeJS.ErrnoException & { rawPacket?: Uint8Array }, socket: Duplex): void {
    const bytes = error.rawPacket ?? new Uint8Array(0);
    const failure =
      nameTlsClientError(error, this.#handshakeTimeoutMs) ??
      judgeMalformedRequest({ code: error.code, bytes }, this.#limits);
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
    let handshakesAborted = options.keepAccepting ? 0 : this.#stopAccepting();
    const drained = await drain({
      windowMs: drainWindowMs,
      deadlineMs,
      signal: options.signal,
      remaining: () => this.#registry.all(),
      close: (connection) => {
        if (options.closeConnection) options.closeConnection(connection);
        else connection.close(code, reason, { allowReserved: true });
      },
      terminate: (connection, waitedMs) => {
        this.#report(engineFailures.create("shutdown-forced", { waitedMs }), { connection });
        connection.terminate();
      },
    });
    handshakesAborted += this.#stopAccepting();
    this.#listener?.closeAllConnections();
    await this.#listenerClosed;
    return { ...drained, handshakesAborted };
  }

  #stopAccepting(): number {
    this.#draining = true;
    const listener = this.#listener;
    if (listener) this.#listenerClosed ??= new Promise((resolve) => listener.close(() => resolve()));
    return this.#abortHandshakes();
  }

  #abortHandshakes(): number {
    const pending = [...this.#handshakes];
    for (const handshake of pending) {
      const retryAfterSeconds = drawRetryAfter();
      handshake.abort(engineFailures.create("handshake-server-draining", { retryAfterSeconds }));
      this.#handshakes.delete(handshake);
    }
    return pending.length;
  }

  #upgrade(raw: IncomingMessage, socket: Duplex, head: Uint8Array): void {
    const address = this.#addresses.resolve(raw);
    const found = this.#judgeSafely(raw, address);
    if ("name" in found) {
      refuseWith(socket, raw, found);
      return;
    }
    if (this.#options.maxConnectionsPerIp !== undefined) this.#countAddress(address.ip, socket);
    this.#accept(found, socket, head, address);
  }

  #judgeSafely(raw: IncomingMessage, address: ClientAddress): Acceptable | Failure {
    try {
      const found = this.#judge(raw, address);
      if ("name" in found) this.#report(found, { request: raw });
      return found;
    } catch (cause) {
      // A function of the application that judges origins can throw.
      const failure = engineFailures.create("handshake-hook-threw");
      this.#report(failure, { request: raw, cause });
      return failure;
    }
  }

  /** The route and the validated request, or why it is refused; in the fixed order of all checks. */
  #judge(raw: IncomingMessage, address: ClientAddress): Acceptable | Failure {
    const head: UpgradeRequestHead = {
      method: raw.method ?? "",
      target: raw.url ?? "",
      httpVersion: raw.httpVersion,
      rawHeaders: raw.rawHeaders,
    };
    const early =
      this.#judgeCapacity(address) ?? judgeRequestLimits(head, this.#limits) ?? this.#judgeDraining();
    if (early) return early;
    const target = parseTarget(head.target);
    if (!target.ok) return target.failure;
    const found = this.#findRoute(target.target.path);
    if (found === undefined) {
      return engineFailures.create("handshake-path-not-found", { path: toEvidenceText(target.target.path) });
    }
    const { route, parameters } = found;
    if (route.rules.requireTls && !address.isSecure) return engineFailures.create("tls-required");
    const verdict = judgeUpgradeRequest(head, route.upgradeRules, target);
    if (!verdict.ok) return verdict.failure;
    return { route, request: new AcceptedRequest(verdict.request, parameters, address, raw) };
  }

  #judgeCapacity(address: ClientAddress): Failure | undefined {
    const { maxConnections: most, maxConnectionsPerIp: mostPerIp } = this.#options;
    if (most !== undefined && this.size + this.#handshakes.size >= most) {
      const evidence = { limit: most, retryAfterSeconds: drawRetryAfter() };
      return engineFailures.create("handshake-server-full", evidence);
    }
    if (mostPerIp !== undefined && (this.#socketsByIp.get(address.ip) ?? 0) >= mostPerIp) {
      const evidence = { limit: mostPerIp, retryAfterSeconds: drawRetryAfter() };
      return engineFailures.create("handshake-ip-limit", evidence);
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

  #accept(found: Acceptable, socket: Duplex, head: Uint8Array, address: ClientAddress): void {
    const { route, request } = found;
    const { maxEarlyDataBytes = 16_384 } = this.#options;
    const handshake = new Handshake({
      request,
      route,
      socket,
      head,
      maxEarlyDataBytes,
      report: (failure, cause) => this.#report(failure, { request: request.raw, cause }),
    });
    const completed = handshake.run();
    if (!(completed instanceof Promise)) {
      this.#open(found, socket, address, completed);
      return;
    }
    // Node hands the socket over without an error listener: a reset while the hook decides would be an uncaught exception.
    socket.on("error", ignoreError);
    const openLater = async (): Promise<void> => {
      this.#handshakes.add(handshake);
      const result = await completed;
      this.#handshakes.delete(handshake);
      if (result) socket.off("error", ignoreError);
      this.#open(found, socket, address, result);
    };
    void openLater();
  }

  #open(
    { route, request }: Acceptable,
    socket: Duplex,
    address: ClientAddress,
    completed: CompletedHandshake<unknown> | undefined,
  ): void {
    if (completed === undefined) return;
    if (socket.destroyed) {
      socket.on("error", ignoreError);
      return;
    }
    const { subprotocol, deflate, data, settings, earlyData } = completed;
    const connection = new WebSocketConnection({
      id: createConnectionId(),
      role: "server",
      socket,
      host: chooseHost(route, settings),
      data,
      subprotocol,
      deflate,
    });
    this.#registry.add(connection, request, address);
    connection.start(earlyData);
  }

  /** @internal What must be zero once nobody is connected. */
  get held(): { connections: number; handshakes: number; deadlines: number; addresses: number } {
    return {
      connections: this.#registry.size,
      handshakes: this.#handshakes.size,
      deadlines: this.#wheel.size,
      addresses: this.#socketsByIp.size,
    };
  }

  /** Counts a socket until it is closed. */
  #countAddress(ip: string, socket: Duplex): void {
    this.#socketsByIp.set(ip, (this.#socketsByIp.get(ip) ?? 0) + 1);
    socket.once("close", () => {
      const left = (this.#socketsByIp.get(ip) ?? 0) - 1;
      if (left > 0) this.#socketsByIp.set(ip, left);
      else this.#socketsByIp.delete(ip);
    });
  }

  #report(failure: Failure, context: FailureContext): void {
    this.#options.onFailure?.(failure, context);
  }
}

/** Seconds a refused client should wait; random, so that all of them do not return at once. */
function drawRetryAfter(): number {
  return 5 + Math.floor(Math.random() * 26);
}

/** `close` follows every error, and whoever holds the socket by then listens to it. */
function ignoreError(): void {}
