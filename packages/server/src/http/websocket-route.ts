/**
 * `GET /app/KEY` that does not ask for an upgrade: a browser's address bar, a health check, or a client whose Upgrade
 * header was lost in a proxy. Requests that do ask never come here; the WebSocket engine takes them from the server.
 */
import type { FastifyInstance } from "fastify";
import { httpFailures } from "../failures/http-failures.ts";
import type { RouteContext } from "./route-context.ts";
import { routes } from "./route-table.ts";

const upgradeHeaders = { upgrade: "websocket", connection: "Upgrade", "sec-websocket-version": "13" };

/** Adds the answer 426. */
export function addWebSocketRoute(fastify: FastifyInstance, context: RouteContext): void {
  fastify.route({
    ...routes.websocket,
    handler: (_request, reply) =>
      context.refuse(reply, httpFailures.create("http-upgrade-required"), upgradeHeaders),
  });
}
