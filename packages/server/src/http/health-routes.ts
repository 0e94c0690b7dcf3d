/**
 * Health: alive (`/`, `/up`), ready for traffic (`/ready`), and not too full for more of it (`/accept-traffic`). For load
 * balancers and orchestrators, which judge the status; pages of other origins may read them.
 */
import type { Failure } from "@antiphon/websocket";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { httpFailures } from "../failures/http-failures.ts";
import type { LostBackend, ServerStatus } from "./http-api-options.ts";
import { readMemoryUse, toPercent } from "./memory-use.ts";
import { sendJson } from "./refusal.ts";
import type { RouteContext } from "./route-context.ts";
import { routes } from "./route-table.ts";

/** What Reverb answers on `/up`. */
const healthy = '{"health":"OK"}';

/** Adds the health routes. Nobody has to sign for them. */
export function addHealthRoutes(fastify: FastifyInstance, context: RouteContext): void {
  fastify.addHook("onRequest", allowOtherOrigins);
  fastify.route({ ...routes.root, handler: answerOk });
  fastify.route({ ...routes.up, handler: (_request, reply) => sendJson(reply, healthy) });
  fastify.route({ ...routes.ready, handler: answerReady });
  fastify.route({ ...routes.acceptTraffic, handler: answerAcceptTraffic });

  function answerReady(_request: FastifyRequest, reply: FastifyReply): FastifyReply {
    return isReady(reply) ? answerOk(_request, reply) : reply;
  }

  function answerAcceptTraffic(_request: FastifyRequest, reply: FastifyReply): FastifyReply {
    if (!isReady(reply)) return reply;
    const memory = context.memoryUse?.() ?? readMemoryUse();
    const percent = toPercent(memory);
    const limit = context.memoryThresholdPercent;
    if (percent > limit) {
      return context.refuse(reply, httpFailures.create("http-memory-high", { percent, limit }));
    }
    return sendJson(reply, JSON.stringify({ memory: { ...memory, percentUsage: percent } }));
  }

  /** Refuses if not. */
  function isReady(reply: FastifyReply): boolean {
    const failure = findUnreadiness(context.status(), context.lostBackend?.());
    if (failure !== undefined) context.refuse(reply, failure);
    return failure === undefined;
  }
}

/** Why this node should get no traffic; also for the metrics listener. */
export function findUnreadiness(status: ServerStatus, lost: LostBackend | undefined): Failure | undefined {
  if (status !== "ready") return httpFailures.create("http-not-ready", { status });
  if (lost === undefined) return undefined;
  const seconds = Math.round(lost.awayMs / 1000);
  return httpFailures.create("http-backend-away", { backend: lost.backend, seconds });
}

/** What soketi answers on `/` and `/ready`. */
function answerOk(_request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return reply.type("text/plain; charset=utf-8").send("OK");
}

/** Nothing here is secret; a preflight is answered on the spot. */
async function allowOtherOrigins(request: FastifyRequest, reply: FastifyReply) {
  reply.header("access-control-allow-origin", "*");
  if (request.method !== "OPTIONS") return undefined;
  return reply.code(204).header("access-control-allow-methods", "GET, HEAD, OPTIONS").send();
}
