/**
 * The backend of an application as clients see it: an HTTP endpoint that signs channels and users with the `pusher` SDK, in
 * the form that pusher-js and Laravel Echo ask for. Who asks is told in the header `x-user`, where a real backend would
 * look at its session.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type Pusher from "pusher";

export interface AuthEndpoint {
  /** For `channelAuthorization.endpoint`. */
  readonly channels: string;
  /** For `userAuthentication.endpoint`. */
  readonly users: string;
  stop(): Promise<void>;
}

/** What `x-user` holds as JSON: the data of a presence member, or of a user who signs in. */
export type Visitor = Pusher.UserChannelData & { readonly user_info?: Record<string, unknown> };

/** Options of pusher-js that make it ask the endpoint on behalf of a visitor. */
export function authorizedAs(endpoint: AuthEndpoint, visitor: Visitor) {
  const headers = { "x-user": JSON.stringify(visitor) };
  return {
    channelAuthorization: { endpoint: endpoint.channels, transport: "ajax", headers },
    userAuthentication: { endpoint: endpoint.users, transport: "ajax", headers },
  } as const;
}

/** Starts the endpoint on a free port. */
export async function startAuthEndpoint(sdk: Pusher): Promise<AuthEndpoint> {
  const server = createServer((request, response) => void answer(sdk, request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    channels: `${base}/broadcasting/auth`,
    users: `${base}/pusher/user-auth`,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function answer(sdk: Pusher, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const form = new URLSearchParams(await text(request));
  const visitor = JSON.parse(String(request.headers["x-user"] ?? "null")) as Visitor | null;
  const signed =
    request.url === "/broadcasting/auth"
      ? signChannel(sdk, form, visitor)
      : visitor && sdk.authenticateUser(form.get("socket_id") ?? "", visitor);
  response.writeHead(signed ? 200 : 403, { "content-type": "application/json" });
  response.end(JSON.stringify(signed));
}

function signChannel(sdk: Pusher, form: URLSearchParams, visitor: Visitor | null) {
  const socketId = form.get("socket_id") ?? "";
  const channel = form.get("channel_name") ?? "";
  if (!channel.startsWith("presence-")) return sdk.authorizeChannel(socketId, channel);
  if (visitor === null) return null;
  const { id, user_info } = visitor;
  return sdk.authorizeChannel(socketId, channel, { user_id: id, ...(user_info && { user_info }) });
}
