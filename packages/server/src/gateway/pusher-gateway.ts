/**
 * Joins the WebSocket engine to the Pusher rules: every upgrade is accepted, since browsers hide a refusal's HTTP status;
 * then the client is admitted, or refused inside the WebSocket, and its messages go to a session.
 */
import { randomInt } from "node:crypto";
import type {
  Failure,
  HandshakeRequest,
  UpgradeContext,
  WebSocketConnection,
  WebSocketServer,
} from "@antiphon/websocket";
import type { App } from "../apps/app.ts";
import type { AppStore } from "../apps/app-store.ts";
import type { AppHubs } from "../channels/app-hubs.ts";
import type { Subscriber } from "../channels/channel-hub.ts";
import { admissionFailures } from "../failures/admission-failures.ts";
import { admit, type AdmissionRequest, selectSubprotocol, sendRefusal } from "../pusher/admission.ts";
import type { Now, Scheduler } from "../pusher/scheduler.ts";
import { excerpt } from "../pusher/excerpt.ts";
import { PusherSession } from "../pusher/session.ts";
import { createSocketId } from "../pusher/socket-id.ts";
import { readAppKey } from "./app-path.ts";
import type { AppConnectionSettings } from "./app-connection-settings.ts";

/** What a failure on the WebSocket side is about. */
export interface GatewayFailureContext {
  readonly appId?: string;
  readonly socketId?: string;
  readonly channel?: string;
  readonly ip?: string;
  /** The client library and its version, as it says itself. */
  readonly client?: string;
  readonly version?: string;
}

/** A client that was let in, for the log. */
export interface AdmittedClient {
  readonly appId: string;
  readonly socketId: string;
  readonly ip: string;
  readonly protocol: number;
  readonly client?: string;
  readonly version?: string;
}

/** Told of connections and messages, for metrics. On the path of every message: a few additions, nothing more. */
export interface GatewayObserver {
  connected(appId: string): void;
  disconnected(appId: string): void;
  /** `bytes` are those of the message as UTF-8. */
  messageReceived(appId: string, bytes: number): void;
}

export interface PusherGatewayOptions {
  readonly apps: AppStore;
  readonly hubs: AppHubs;
  readonly connectionSettings: AppConnectionSettings;
  readonly pathPrefix: string;
  readonly now: Now;
  readonly scheduler: Scheduler;
  /** The node is shutting down. */
  readonly isDraining: () => boolean;
  /** Whether the node takes no more than the clients that it has. */
  readonly isOverloaded: (clients: number) => boolean;
  readonly report: (failure: Failure, context: GatewayFailureContext) => void;
  /** Told of every client that is let in. */
  readonly onAdmitted?: (client: AdmittedClient) => void;
  readonly observer: GatewayObserver;
  /** Puts something between a session and its connection, such as a counter. Left out, sessions get the connection. */
  readonly transportFor?: (connection: WebSocketConnection, appId: string) => Subscriber;
}

/** What an engine connection carries for us. */
export interface PusherClient {
  /** Dropped once the client is admitted: it is larger than all the rest. */
  admission: AdmissionRequest | undefined;
  readonly app: App | undefined;
  readonly ip: string;
  /** Once admitted. */
  session: PusherSession | undefined;
}

type PusherConnection = WebSocketConnection<PusherClient>;

export class PusherGateway {
  readonly #options: PusherGatewayOptions;
  /** Who was let in; connections that are only open to be refused do not count. */
  #clients = 0;

  constructor(options: PusherGatewayOptions) {
    this.#options = options;
  }

  /** Serves all WebSocket paths: a wrong one is refused with 4005 inside the WebSocket. */
  register(websockets: WebSocketServer): void {
    websockets.route<PusherClient>("*", {
      accepts: ["text"],
      upgrade: (context) => this.#upgrade(context),
      open: (connection) => this.#open(connection),
      message: (connection, data) => this.#receive(connection, data),
      failing: (connection, failure) => this.#giveUp(connection, failure),
      close: (connection) => this.#close(connection),
    });
  }

  /** Sends a client away because the node shuts down; it comes back at once, to another node. */
  static drain(connection: WebSocketConnection): void {
    const { session } = (connection as PusherConnection).data;
    if (session) session.end(admissionFailures.create("node-draining"));
    else connection.close(admissionFailures.definitions["node-draining"].closeCode ?? 4200);
  }

  #upgrade(context: UpgradeContext<PusherClient>): void | Promise<void> {
    const key = readAppKey(context.request.path, this.#options.pathPrefix);
    const found = key === undefined ? undefined : this.#options.apps.findByKey(key);
    if (found instanceof Promise) return found.then((app) => this.#accept(context, key, app));
    this.#accept(context, key, found);
  }

  #accept(context: UpgradeContext<PusherClient>, key: string | undefined, app: App | undefined): void {
    const { request } = context;
    const subprotocol = selectSubprotocol(context.offered);
    context.accept({
      ...(subprotocol !== undefined && { subprotocol }),
      ...(app && { settings: this.#options.connectionSettings.of(app) }),
      data: { admission: describeRequest(request, key), app, ip: request.ip, session: undefined },
    });
  }

  #open(connection: PusherConnection): void {
    const { admission, app, ip } = connection.data;
    if (admission === undefined) return;
    connection.data.admission = undefined;
    const { hubs, now, scheduler, observer, transportFor, isDraining, isOverloaded, report, onAdmitted } =
      this.#options;
    const hub = app && hubs.for(app);
    const verdict = admit(admission, hub?.app, {
      draining: isDraining(),
      overloaded: isOverloaded(this.#clients),
      appConnections: hub?.authorisedCount() ?? 0,
      unauthenticatedConnections: hub?.unauthorisedCount() ?? 0,
    });
    if (!verdict.admitted || hub === undefined) {
      if (verdict.admitted) return;
      report(verdict.failure, { ...(app && { appId: app.id }), ip, ...describeLibrary(admission.query) });
      sendRefusal(connection, verdict);
      return;
    }
    const session = new PusherSession({
      hub,
      transport: transportFor?.(connection, hub.app.id) ?? connection,
      socketId: createSocketId(randomInt, (socketId) => hub.hasConnection(socketId)),
      now,
      scheduler,
      report: (failure, context) => report(failure, { ...context, ip }),
      isDraining,
    });
    connection.data.session = session;
    this.#clients++;
    observer.connected(hub.app.id);
    onAdmitted?.({
      appId: hub.app.id,
      socketId: session.socketId,
      ip,
      protocol: verdict.protocol,
      ...describeLibrary(admission.query),
    });
    session.open();
  }

  #receive(connection: PusherConnection, data: string | Uint8Array): void {
    const { session } = connection.data;
    // The route accepts only text; the engine closes on a binary message.
    if (session === undefined || typeof data !== "string") return;
    this.#options.observer.messageReceived(session.app.id, Buffer.byteLength(data));
    session.receiveText(data);
  }

  /** The engine gives the connection up: the client is told in the codes of the Pusher protocol. */
  #giveUp({ data, bufferedBytes }: PusherConnection, failure: Failure): void {
    if (failure.name === "heartbeat-timeout")
      data.session?.missedPong(Number(failure.evidence["pongTimeoutMs"]));
    if (failure.name === "slow-consumer") data.session?.fellBehind(bufferedBytes);
  }

  #close({ data: { session } }: PusherConnection): void {
    if (session === undefined) return;
    session.closed();
    this.#clients--;
    this.#options.observer.disconnected(session.app.id);
  }
}

/** What a client calls itself: strangers' text, so only its beginning. */
function describeLibrary(query: URLSearchParams): { client?: string; version?: string } {
  const client = query.get("client");
  const version = query.get("version");
  return { ...(client && { client: excerpt(client) }), ...(version && { version: excerpt(version) }) };
}

function describeRequest(request: HandshakeRequest, key: string | undefined): AdmissionRequest {
  return {
    path: request.path,
    key,
    query: new URLSearchParams(request.query),
    origin: request.origin,
    secure: request.isSecure,
    offeredSubprotocols: request.subprotocols,
  };
}
