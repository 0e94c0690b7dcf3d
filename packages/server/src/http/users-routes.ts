/** Ending the connections of a user, under the path of the protocol and under the one that the Python SDK uses. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { httpFailures } from "../failures/http-failures.ts";
import { formatDone } from "./profile-answers.ts";
import { sendJson } from "./refusal.ts";
import { callerOf, pathValue, type RouteContext } from "./route-context.ts";
import { routes } from "./route-table.ts";

/** Adds the route under `/apps/APP_ID`. It is behind authentication. */
export function addUserRoutes(fastify: FastifyInstance, context: RouteContext): void {
  fastify.route({ ...routes.terminateUser, handler: createTermination(context) });
}

/** Adds the route without an app id. It is behind authentication by key. */
export function addUserRoutesWithoutApp(fastify: FastifyInstance, context: RouteContext): void {
  fastify.route({ ...routes.terminateUserWithoutApp, handler: createTermination(context) });
}

/** The body does not matter. The answer waits for no other node, and an unknown user is no mistake. */
function createTermination(context: RouteContext) {
  return function terminateUser(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const app = callerOf(request);
    const userId = pathValue(request, "userId");
    const limit = app.channels.maxUserIdLength;
    if (userId === "" || userId.length > limit) {
      return context.refuse(
        reply,
        httpFailures.create("http-user-id-invalid", { length: userId.length, limit }),
      );
    }
    context.hubFor(app).terminateUser(userId);
    return sendJson(reply, formatDone(app.profile));
  };
}
