/**
 * The HTTP side of the server: the signed Pusher API, health, and the answer for WebSocket paths that were reached by plain
 * HTTP. Builds a Fastify instance on a server that the caller owns; the caller calls `ready()` and listens.
 *
 *   request → body (raw bytes) → authentication → route → hub → answer
 *                └──────────────────┴────────────┴── failure → refusal: {"error":…,"code":…}
 */
import type { IncomingMessage } from "node:http";
import Fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
} from "fastify";
import { httpFailures } from "../failures/http-failures.ts";
import { excerpt } from "../pusher/excerpt.ts";
import { splitTarget } from "../pusher/request-signing-text.ts";
import { ApiRates } from "./api-rates.ts";
import { addChannelRoutes } from "./channels-routes.ts";
import { createClientErrorAnswer } from "./client-error.ts";
import { addEventRoutes } from "./events-route.ts";
import { addHealthRoutes } from "./health-routes.ts";
import type { ClientError, FinishedRequest, HttpApiOptions } from "./http-api-options.ts";
import { createRefusal, refuseException } from "./refusal.ts";
import { readBody } from "./request-body.ts";
import { bodyOf, type RouteContext } from "./route-context.ts";
import { allowedMethods } from "./route-table.ts";
import { type AppFinder, appByKey, appByPath, createAuthentication } from "./signed-request.ts";
import { addUserRoutes, addUserRoutesWithoutApp } from "./users-routes.ts";
import { addWebSocketRoute } from "./websocket-route.ts";

/** Longer than any path that Node lets through: names are judged by the routes, which say what is wrong. */
const maxParamLength = 65_536;

/** Makes the HTTP side on `options.server`. */
export function createHttpApi(options: HttpApiOptions): FastifyInstance {
  const context: RouteContext = {
    ...options,
    rates: options.rates ?? new ApiRates({ now: options.now }),
    refuse: createRefusal(options.report),
  };
  const fastify = Fastify(describeFastify(options, context));
  fastify.decorateRequest("caller", null);
  readBodiesAsBytes(fastify, options.limits.maxRequestBytes);
  fastify.setErrorHandler((error, _request, reply) => refuseException(options.report, error, reply));
  fastify.setNotFoundHandler((request, reply) => refuseUnknown(context, request, reply));
  if (options.onRequestDone) observeRequests(fastify, options.onRequestDone);
  for (const prefix of new Set(["", options.pathPrefix])) {
    fastify.register(async (scope) => addRoutes(scope, context), { prefix });
  }
  return fastify;
}

function describeFastify(options: HttpApiOptions, context: RouteContext): FastifyServerOptions {
  const answerClientError = options.answerClientError ?? createClientErrorAnswer(options.report);
  return {
    serverFactory(handler) {
      options.server.on("request", handler);
      return options.server;
    },
    // Fastify declares rawPacket in its JSON form; Node gives the bytes.
    clientErrorHandler: (error, socket) => answerClientError(error as unknown as ClientError, socket),
    frameworkErrors: (_error, _request, reply) => {
      context.refuse(reply, httpFailures.create("http-path-malformed"));
    },
    return503OnClosing: false,
    exposeHeadRoutes: false,
    routerOptions: {
      maxParamLength,
      // The query is read from the raw target, where the order and form of its parameters are still visible.
      querystringParser: () => ({}),
    },
  };
}

function addRoutes(fastify: FastifyInstance, context: RouteContext): void {
  fastify.register(async (scope) => addHealthRoutes(scope, context));
  addWebSocketRoute(fastify, context);
  addSigned(fastify, context, appByPath, (scope) => {
    addEventRoutes(scope, context);
    addChannelRoutes(scope, context);
    addUserRoutes(scope, context);
  });
  addSigned(fastify, context, appByKey, (scope) => addUserRoutesWithoutApp(scope, context));
}

function addSigned(
  fastify: FastifyInstance,
  context: RouteContext,
  finder: AppFinder,
  addRoutes: (scope: FastifyInstance) => void,
): void {
  fastify.register(async (scope) => {
    scope.addHook("preHandler", createAuthentication(context, finder));
    addRoutes(scope);
  });
}

/** One parser for whatever the body claims to be: the signature is over its bytes, and SDKs send many types or none. */
function readBodiesAsBytes(fastify: FastifyInstance, maxRequestBytes: number): void {
  fastify.addHook("onRequest", (request, _reply, done) => {
    // Fastify would answer 415 to a type that it cannot read. Set, not deleted: V8 keeps objects of one shape.
    request.raw.headers["content-type"] = undefined;
    done();
  });
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser("*", (request: FastifyRequest, stream: IncomingMessage) => {
    const declared = request.raw.headers["content-length"];
    return readBody(stream, maxRequestBytes, declared === undefined ? undefined : Number(declared));
  });
}

/** 405 where the path exists for another method, else 404. */
function refuseUnknown(context: RouteContext, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { path } = splitTarget(request.raw.url ?? "");
  const { pathPrefix } = context;
  const unprefixed = path.startsWith(`${pathPrefix}/`) ? path.slice(pathPrefix.length) : path;
  const evidence = { method: request.method, path: excerpt(path) };
  const allow = allowedMethods(unprefixed).join(", ");
  if (allow === "") return context.refuse(reply, httpFailures.create("http-route-unknown", evidence));
  return context.refuse(reply, httpFailures.create("http-method-not-allowed", { ...evidence, allow }), {
    allow,
  });
}

function observeRequests(fastify: FastifyInstance, onRequestDone: (request: FinishedRequest) => void): void {
  fastify.addHook("onResponse", (request, reply, done) => {
    const body = bodyOf(request);
    onRequestDone({
      method: request.method,
      route: request.routeOptions.url,
      status: reply.statusCode,
      appId: request.caller?.id,
      durationMs: reply.elapsedTime,
      receivedBytes: body.ok ? body.bytes.length : 0,
      sentBytes: Number(reply.getHeader("content-length") ?? 0),
    });
    done();
  });
}
