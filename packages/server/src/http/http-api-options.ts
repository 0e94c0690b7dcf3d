/**
 * What the HTTP side needs from the rest of the server, and what it tells it. Made by the composition root, read by the
 * routes.
 */
import type { IncomingMessage, Server as HttpServer, ServerResponse } from "node:http";
import type { Server as HttpsServer } from "node:https";
import type { Duplex } from "node:stream";
import type { Failure } from "@antiphon/websocket";
import type { App } from "../apps/app.ts";
import type { AppStore } from "../apps/app-store.ts";
import type { ChannelHub } from "../channels/channel-hub.ts";
import type { TimeOfDay } from "../pusher/scheduler.ts";
import type { ApiRates } from "./api-rates.ts";
import type { MemoryUse } from "./memory-use.ts";

/** Where the server is in its life: only a `ready` one takes API requests. */
export type ServerStatus = "starting" | "ready" | "draining";

/** What joins this node to others is away. */
export interface LostBackend {
  /** For people: `Redis`, `NATS`. */
  readonly backend: string;
  /** How long it has been away. */
  readonly awayMs: number;
}

/** Which request a failure belongs to. Holds no query, which carries a signature. */
export interface HttpFailureContext {
  readonly method: string;
  /** Path without the query, shortened. */
  readonly path: string;
  readonly remoteAddress: string | undefined;
  /** Known once the app was found. */
  readonly appId?: string;
  /** The exception behind an internal error. */
  readonly error?: unknown;
}

/** One answered request, for metrics. */
export interface FinishedRequest {
  readonly method: string;
  /** The route's pattern, for example `/apps/:appId/events`; `undefined` for unknown routes. */
  readonly route: string | undefined;
  readonly status: number;
  readonly appId: string | undefined;
  readonly durationMs: number;
  /** Bytes of the body; 0 where it was refused. */
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

export interface HttpApiOptions {
  /** Listened on by the caller, who may attach the WebSocket engine to its `upgrade` event. */
  readonly server: HttpServer | HttpsServer;
  readonly apps: AppStore;
  readonly hubFor: (app: App) => ChannelHub;
  readonly now: TimeOfDay;
  /** For example `/realtime`; empty for none. Routes answer with and without it. */
  readonly pathPrefix: string;
  readonly limits: { readonly maxRequestBytes: number };
  /** Left out, each API counts for itself. */
  readonly rates?: ApiRates;
  readonly status: () => ServerStatus;
  /** While this tells of one, load balancers are asked to send nobody here. Left out, none is missed. */
  readonly lostBackend?: () => LostBackend | undefined;
  /** Memory use above which `/accept-traffic` refuses. */
  readonly memoryThresholdPercent: number;
  /** Left out, that of this process. */
  readonly memoryUse?: () => MemoryUse;
  /** Told of every refusal. Its evidence may hold the text that was signed: for the log, never for the requester. */
  readonly report: (failure: Failure, context: HttpFailureContext) => void;
  readonly onRequestDone?: (request: FinishedRequest) => void;
  /** Answers a handshake that lost its Upgrade header on the way: the WebSocket engine names what is missing. */
  readonly answerPlainHandshake?: (request: IncomingMessage, response: ServerResponse) => void;
  /** Answers bytes that are not HTTP instead of this API; the WebSocket engine names more causes. */
  readonly answerClientError?: (error: ClientError, socket: Duplex) => void;
}

/** What Node tells about bytes that are not a request. */
export type ClientError = NodeJS.ErrnoException & { readonly rawPacket?: Uint8Array };
