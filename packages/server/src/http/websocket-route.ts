/**
 * `GET /app/KEY` that does not ask for an upgrade: a browser's address bar, a health check, or a client whose Upgrade
 * header was lost in a proxy. Requests that do ask never come here; the WebSocket engine takes them from the server.
 */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { httpFailures } from "../failures/http-failures.ts";
import type { RouteContext } from "./route-context.ts";
import { routes } from "./route-table.ts";

const upgradeHeaders = { upgrade: "websocket", connection: "Upgrade", "sec-websocket-version": "13" };

/** Only a WebSocket client sends a key, and without Upgrade it comes here. */
function isPlainHandshake({ headers }: FastifyRequest): boolean {
  return headers["sec-websocket-key"] !== undefined;
}

/** Adds the answer 426. */
export function addWebSocketRoute(fastify: FastifyInstance, context: RouteContext): void {
  fastify.route({
    ...routes.websocket,
    handler: (request, reply) => {
      const { answerPlainHandshake } = context;
      if (!answerPlainHandshake || !isPlainHandshake(request)) {
        return context.refuse(reply, httpFailures.create("http-upgrade-required"), upgradeHeaders);
      }
      reply.hijack();
      answerPlainHandshake(request.raw, reply.raw);
      return reply;
    },
  });
}
