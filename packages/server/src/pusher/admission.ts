/**
 * Who is let in: the facts of a handshake, the app and the load go in; acceptance, or the Pusher code and failure of the
 * refusal, comes out. Pure. The shell completes the upgrade in every case and refuses inside the WebSocket, since browsers
 * hide the HTTP status and would retry for ever. It decides when the connection opens, in the same turn in which the hub
 * takes the session, so that two handshakes cannot share the last place.
 */
import type { Failure } from "@antiphon/websocket";
import type { App, ResponseProfile } from "../apps/app.ts";
import type { Subscriber } from "../channels/channel-hub.ts";
import { type AdmissionFailureName, admissionFailures } from "../failures/admission-failures.ts";
import { excerpt } from "./excerpt.ts";
import { isOriginAllowed } from "./origin.ts";
import { formatError } from "./outgoing-events.ts";
import { pusherCodes, toCloseReason } from "./pusher-codes.ts";

/** Protocol versions that are served. */
export const oldestProtocol = 4;
export const newestProtocol = 7;

const subprotocolForm = /^pusher-channels-protocol-(\d{1,4})$/;

/** What a handshake says about its client. */
export interface AdmissionRequest {
  /** The path as requested, for the explanation. */
  readonly path: string;
  /** The app key, percent-decoded; `undefined` if the path is not `/app/KEY`. */
  readonly key: string | undefined;
  readonly query: URLSearchParams;
  /** The `Origin` header. */
  readonly origin?: string | undefined;
  /** Whether TLS protects the connection, at this server or at a trusted proxy in front of it. */
  readonly secure: boolean;
  /** From `Sec-WebSocket-Protocol`, in the client's order. */
  readonly offeredSubprotocols: readonly string[];
}

/** How busy the node and the app are at this moment. */
export interface AdmissionLoad {
  readonly draining: boolean;
  /** The node's own ceiling of connections or memory is reached. */
  readonly overloaded: boolean;
  /** Connections that count against the app, this one not. */
  readonly appConnections: number;
  /** Connections of the app that still have to sign in. */
  readonly unauthenticatedConnections: number;
}

export interface Acceptance {
  readonly admitted: true;
  readonly app: App;
  readonly protocol: number;
}

export interface Refusal {
  readonly admitted: false;
  /** For `pusher:error` and the close frame. */
  readonly code: number;
  readonly profile: ResponseProfile;
  readonly failure: Failure<AdmissionFailureName>;
}

/** The subprotocol to answer with: the newest Pusher one that is supported, or none. For the handshake hook. */
export function selectSubprotocol(offered: readonly string[]): string | undefined {
  let newest: string | undefined;
  let newestVersion = 0;
  for (const subprotocol of offered) {
    const version = Number(subprotocolForm.exec(subprotocol)?.[1] ?? Number.NaN);
    if (!isSupported(version) || version <= newestVersion) continue;
    newest = subprotocol;
    newestVersion = version;
  }
  return newest;
}

/** Decides on one handshake. `app` is the app of the key, or `undefined` if there is none. */
export function admit(
  request: AdmissionRequest,
  app: App | undefined,
  load: AdmissionLoad,
): Acceptance | Refusal {
  const refuse = (failure: Failure<AdmissionFailureName>): Refusal =>
    refusal(failure, app?.profile ?? "pusher");
  if (load.draining) return refuse(admissionFailures.create("node-not-accepting"));
  if (request.key === undefined)
    return refuse(admissionFailures.create("app-path-invalid", { path: excerpt(request.path) }));
  const protocol = readProtocol(request, app?.connection.strictProtocol ?? false);
  if (typeof protocol !== "number") return refuse(protocol);
  if (app === undefined)
    return refuse(admissionFailures.create("app-key-unknown", { key: excerpt(request.key) }));
  if (!app.enabled) return refuse(admissionFailures.create("app-disabled", { appId: app.id }));
  const { requireTls } = app.connection;
  if (requireTls && !request.secure)
    return refuse(admissionFailures.create("app-tls-required", { appId: app.id }));
  const originFailure = findOriginProblem(request.origin, app);
  if (originFailure) return refuse(originFailure);
  const roomFailure = findRoomProblem(load, app);
  if (roomFailure) return refuse(roomFailure);
  if (load.overloaded) return refuse(admissionFailures.create("node-overloaded"));
  return { admitted: true, app, protocol };
}

/** Tells a refused client why, and closes. */
export function sendRefusal(transport: Subscriber, refusal: Refusal): void {
  const { code, failure, profile } = refusal;
  transport.send(formatError(profile, code, failure.message));
  transport.close(code, toCloseReason(failure.message));
}

function readProtocol(request: AdmissionRequest, strict: boolean): number | Failure<AdmissionFailureName> {
  const text = request.query.get("protocol") || newestOffered(request.offeredSubprotocols);
  if (text === undefined) {
    return strict ? admissionFailures.create("protocol-version-missing") : newestProtocol;
  }
  if (!/^-?\d{1,9}$/.test(text)) {
    return admissionFailures.create("protocol-version-invalid", { protocol: excerpt(text) });
  }
  const protocol = Number(text);
  if (isSupported(protocol)) return protocol;
  return admissionFailures.create("protocol-version-unsupported", {
    protocol: text,
    oldest: oldestProtocol,
    newest: newestProtocol,
  });
}

/** The version in the best subprotocol; one that is not supported only if no supported one is offered. */
function newestOffered(offered: readonly string[]): string | undefined {
  const best = selectSubprotocol(offered) ?? offered.find((each) => subprotocolForm.test(each));
  return best === undefined ? undefined : subprotocolForm.exec(best)?.[1];
}

function findOriginProblem(origin: string | undefined, app: App): Failure<AdmissionFailureName> | undefined {
  const { allowedOrigins, requireOrigin } = app.connection;
  if (origin === undefined || origin === "") {
    return requireOrigin ? admissionFailures.create("origin-missing") : undefined;
  }
  if (isOriginAllowed(origin, allowedOrigins)) return undefined;
  return admissionFailures.create("origin-not-allowed", { origin: excerpt(origin) });
}

/** A client that must sign in first waits in a room of its own; it is let in only if there is a place behind it. */
function findRoomProblem(load: AdmissionLoad, app: App): Failure<AdmissionFailureName> | undefined {
  const { maxConnections, maxUnauthenticatedConnections, requireUserAuthentication } = app.connection;
  if (isFull(load.appConnections, maxConnections)) {
    return admissionFailures.create("app-connections-exceeded", { appId: app.id, limit: maxConnections });
  }
  if (!requireUserAuthentication || !isFull(load.unauthenticatedConnections, maxUnauthenticatedConnections)) {
    return undefined;
  }
  const evidence = { appId: app.id, limit: maxUnauthenticatedConnections };
  return admissionFailures.create("app-unauthenticated-exceeded", evidence);
}

/** Whether there is no place left; a negative limit is none. */
export function isFull(connections: number, limit: number): boolean {
  return limit >= 0 && connections >= limit;
}

function refusal(failure: Failure<AdmissionFailureName>, profile: ResponseProfile): Refusal {
  return { admitted: false, code: refusalCode(failure, profile), profile, failure };
}

/** The code of a refusal. soketi answers a full app with "try again later", and its users' tests look for that. */
export function refusalCode(failure: Failure<AdmissionFailureName>, profile: ResponseProfile): number {
  const asSoketi = profile === "soketi" && failure.name === "app-connections-exceeded";
  return asSoketi ? pusherCodes.overCapacity : (failure.closeCode ?? pusherCodes.overCapacity);
}

function isSupported(protocol: number): boolean {
  return protocol >= oldestProtocol && protocol <= newestProtocol;
}
