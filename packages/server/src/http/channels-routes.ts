/** Reading: which channels are occupied, figures of one channel, its members, and the app's connections. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { httpFailures } from "../failures/http-failures.ts";
import { channelTypeOf } from "../pusher/channel-name.ts";
import { readChannelName } from "./event-payload.ts";
import { readQueryInfo } from "./info-attributes.ts";
import { formatChannel, formatChannelStats, formatChannels, formatUsers } from "./profile-answers.ts";
import { sendJson } from "./refusal.ts";
import { callerOf, pathValue, queryValue, type RouteContext } from "./route-context.ts";
import { routes } from "./route-table.ts";

/** Adds the reading routes. All are behind authentication. */
export function addChannelRoutes(fastify: FastifyInstance, context: RouteContext): void {
  fastify.route({ ...routes.channels, handler: listChannels });
  fastify.route({ ...routes.channel, handler: readChannel });
  fastify.route({ ...routes.channelStats, handler: readStats });
  fastify.route({ ...routes.channelUsers, handler: listUsers });
  fastify.route({ ...routes.connections, handler: countConnections });

  async function listChannels(request: FastifyRequest, reply: FastifyReply) {
    const app = callerOf(request);
    const prefix = queryValue(request, "filter_by_prefix");
    const presence = prefix?.startsWith("presence-") ?? false;
    const info = readQueryInfo(queryValue(request, "info") ?? "", { presence, cached: false });
    if (!info.ok) return context.refuse(reply, info.failure);
    const channels = await context.hubFor(app).channels(prefix);
    return sendJson(reply, formatChannels(app.profile, channels, info.value));
  }

  async function readChannel(request: FastifyRequest, reply: FastifyReply) {
    const app = callerOf(request);
    const name = readChannelName(pathValue(request, "channel"), "channel", app);
    if (!name.ok) return context.refuse(reply, name.failure);
    const info = readQueryInfo(queryValue(request, "info") ?? "", channelTypeOf(name.value));
    if (!info.ok) return context.refuse(reply, info.failure);
    const hub = context.hubFor(app);
    const channel = await hub.channel(name.value);
    if (!info.value.includes("cache")) {
      return sendJson(reply, formatChannel(app.profile, name.value, channel, info.value));
    }
    const cached = await hub.cachedEvent(name.value);
    const cache = cached === undefined ? null : { data: cached.data, ttl: cached.ttlSeconds };
    return sendJson(reply, formatChannel(app.profile, name.value, channel, info.value, cache));
  }

  /** Deprecated by Pusher, but still asked for. */
  async function readStats(request: FastifyRequest, reply: FastifyReply) {
    const app = callerOf(request);
    const name = readChannelName(pathValue(request, "channel"), "channel", app);
    if (!name.ok) return context.refuse(reply, name.failure);
    return sendJson(reply, formatChannelStats(name.value, await context.hubFor(app).channel(name.value)));
  }

  async function listUsers(request: FastifyRequest, reply: FastifyReply) {
    const app = callerOf(request);
    const name = readChannelName(pathValue(request, "channel"), "channel", app);
    if (!name.ok) return context.refuse(reply, name.failure);
    const channel = name.value;
    if (!channelTypeOf(channel).presence) {
      return context.refuse(reply, httpFailures.create("http-channel-not-presence", { channel }));
    }
    const members = await context.hubFor(app).members(channel);
    if (members.length === 0 && app.profile === "reverb") {
      return context.refuse(reply, httpFailures.create("http-channel-unknown", { channel }));
    }
    const withUserInfo = queryValue(request, "with_user_info") === "1";
    return sendJson(reply, formatUsers(app.profile, members, withUserInfo));
  }

  async function countConnections(request: FastifyRequest, reply: FastifyReply) {
    const connections = await context.hubFor(callerOf(request)).connectionCount();
    return sendJson(reply, JSON.stringify({ connections }));
  }
}
