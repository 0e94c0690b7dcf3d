/**
 * Every route of the HTTP side: its path and its methods. The route files register themselves with it, and a request
 * that no route takes is told here which methods its path has.
 */
import type { HTTPMethods } from "fastify";

// Mutable, because Fastify declares them so.
const read: HTTPMethods[] = ["GET"];
const write: HTTPMethods[] = ["POST"];
const health: HTTPMethods[] = ["GET", "HEAD", "OPTIONS"];

export const routes = {
  events: { url: "/apps/:appId/events", method: write },
  batchEvents: { url: "/apps/:appId/batch_events", method: write },
  channelEvents: { url: "/apps/:appId/channels/:channel/events", method: write },
  channels: { url: "/apps/:appId/channels", method: read },
  channel: { url: "/apps/:appId/channels/:channel", method: read },
  channelStats: { url: "/apps/:appId/channels/:channel/stats", method: read },
  channelUsers: { url: "/apps/:appId/channels/:channel/users", method: read },
  connections: { url: "/apps/:appId/connections", method: read },
  terminateUser: { url: "/apps/:appId/users/:userId/terminate_connections", method: write },
  terminateUserWithoutApp: { url: "/users/:userId/terminate_connections", method: write },
  websocket: { url: "/app/:key", method: read },
  root: { url: "/", method: health },
  up: { url: "/up", method: health },
  ready: { url: "/ready", method: health },
  acceptTraffic: { url: "/accept-traffic", method: health },
};

const patterns = Object.values(routes);

/** The methods that a path takes; empty if it is no route at all. `path` has neither query nor configured prefix. */
export function allowedMethods(path: string): readonly string[] {
  const segments = path.split("/");
  return patterns.find(({ url }) => matchesPattern(url.split("/"), segments))?.method ?? [];
}

function matchesPattern(pattern: readonly string[], segments: readonly string[]): boolean {
  return (
    pattern.length === segments.length &&
    pattern.every(
      (part, index) => part === segments[index] || (part.startsWith(":") && segments[index] !== ""),
    )
  );
}
