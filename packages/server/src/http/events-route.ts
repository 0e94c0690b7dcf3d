/**
 * Publishing: one event to some channels, a batch of events, and the deprecated form with raw data. Everything is
 * validated before anything is published; the answer does not wait for deliveries.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { App } from "../apps/app.ts";
import type { ChannelHub } from "../channels/channel-hub.ts";
import { type EventPayload, readBatch, readEvent, readRawEvent } from "./event-payload.ts";
import { type ChannelAttributes, type InfoAttribute, selectCounts } from "./info-attributes.ts";
import { type Parsed, parseJsonBody } from "./json-body.ts";
import { formatBatchDone, formatBatchPublished, formatDone, formatPublished } from "./profile-answers.ts";
import { sendJson } from "./refusal.ts";
import { bodyOf, callerOf, pathValue, queryValue, type RouteContext } from "./route-context.ts";
import { routes } from "./route-table.ts";

/** Adds the publishing routes. All are behind authentication. */
export function addEventRoutes(fastify: FastifyInstance, context: RouteContext): void {
  fastify.route({ ...routes.events, handler: publishOne });
  fastify.route({ ...routes.batchEvents, handler: publishBatch });
  fastify.route({ ...routes.channelEvents, handler: publishRaw });

  async function publishOne(request: FastifyRequest, reply: FastifyReply) {
    const app = callerOf(request);
    const body = parseJsonBody(bytesOf(request));
    if (!body.ok) return context.refuse(reply, body.failure);
    const event = readEvent(body.value, app);
    if (!event.ok) return context.refuse(reply, event.failure);
    const hub = publishAll(app, [event.value], reply);
    if (hub === undefined) return reply;
    const { channels, info } = event.value;
    if (info === undefined) return sendJson(reply, formatDone(app.profile));
    const attributes = await Promise.all(channels.map((channel) => readAttributes(hub, channel, info)));
    return sendJson(
      reply,
      formatPublished(new Map(channels.map((name, index) => [name, attributes[index] ?? {}]))),
    );
  }

  async function publishBatch(request: FastifyRequest, reply: FastifyReply) {
    const app = callerOf(request);
    const body = parseJsonBody(bytesOf(request));
    if (!body.ok) return context.refuse(reply, body.failure);
    const batch = readBatch(body.value, app);
    if (!batch.ok) return context.refuse(reply, batch.failure);
    const hub = publishAll(app, batch.value, reply);
    if (hub === undefined) return reply;
    if (!batch.value.some(({ info }) => info !== undefined)) {
      return sendJson(reply, formatBatchDone(app.profile));
    }
    const items = await Promise.all(
      batch.value.map(({ channels: [channel = ""], info }) => readAttributes(hub, channel, info ?? [])),
    );
    return sendJson(reply, formatBatchPublished(items));
  }

  /** `POST /channels/NAME/events?name=…&socket_id=…`, the body being the data. Answers 202, as it always has. */
  async function publishRaw(request: FastifyRequest, reply: FastifyReply) {
    const app = callerOf(request);
    const query = { name: queryValue(request, "name"), socketId: queryValue(request, "socket_id") };
    const data = bytesOf(request).toString("utf8");
    const event: Parsed<EventPayload> = readRawEvent(pathValue(request, "channel"), query, data, app);
    if (!event.ok) return context.refuse(reply, event.failure);
    if (publishAll(app, [event.value], reply) === undefined) return reply;
    return sendJson(reply, formatDone(app.profile), 202);
  }

  /** Publishes within the app's rate, in order; otherwise answers 429 and gives back nothing. */
  function publishAll(
    app: App,
    events: readonly EventPayload[],
    reply: FastifyReply,
  ): ChannelHub | undefined {
    const cost = events.reduce((sum, { channels }) => sum + channels.length, 0);
    const refusal = context.rates.take(app, "maxBackendEventsPerSecond", cost);
    if (refusal !== undefined) {
      context.refuse(reply, refusal.failure, refusal.headers);
      return undefined;
    }
    const hub = context.hubFor(app);
    for (const { name, channels, data, exceptSocketId } of events) {
      for (const channel of channels) {
        hub.publish({ name, channel, data, ...(exceptSocketId === undefined ? {} : { exceptSocketId }) });
      }
    }
    return hub;
  }
}

async function readAttributes(
  hub: ChannelHub,
  channel: string,
  info: readonly InfoAttribute[],
): Promise<ChannelAttributes> {
  return info.length === 0 ? {} : selectCounts(channel, await hub.channel(channel), info);
}

/** Authentication has refused bodies that could not be read. */
function bytesOf(request: FastifyRequest): Buffer {
  const body = bodyOf(request);
  if (!body.ok) throw new Error("a body that could not be read came past authentication");
  return body.bytes;
}
