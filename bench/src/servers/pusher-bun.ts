/** A minimal Pusher server on Bun: its HTTP server, its digests, and the native publish of uWebSockets. */
import { benchApp } from "../bench-app.ts";
import { bun } from "./bun-runtime.ts";
import { serveCommands } from "./control.ts";
import { formatGreeting, formatSubscribed, readPublishes, readSubscription } from "./pusher-minimum.ts";

const digests = {
  md5: (body: Uint8Array) => new bun.CryptoHasher("md5").update(body).digest("hex"),
  sign: (text: string) => new bun.CryptoHasher("sha256", benchApp.secret).update(text).digest("hex"),
};
const json = { headers: { "Content-Type": "application/json" } };
let connections = 0;
const server = bun.serve<string>({
  port: 0,
  hostname: "127.0.0.1",
  async fetch(request, self) {
    if (request.method === "GET") {
      connections += 1;
      return self.upgrade(request, { data: `${connections}.1` })
        ? undefined
        : new Response("", { status: 426 });
    }
    const { pathname, searchParams } = new URL(request.url);
    const body = new Uint8Array(await request.arrayBuffer());
    const deliveries = readPublishes(pathname, searchParams, body, digests);
    if (deliveries === undefined) return new Response('{"error":"refused"}', { status: 401, ...json });
    for (const { channel, text } of deliveries) self.publish(channel, text);
    return new Response("{}", json);
  },
  websocket: {
    idleTimeout: 0,
    open: (socket) => void socket.send(formatGreeting(socket.data)),
    message(socket, message) {
      const channel = readSubscription(String(message));
      if (channel === undefined) return;
      socket.subscribe(channel);
      socket.send(formatSubscribed(channel));
    },
  },
});
serveCommands(server.port, { publish: (payload) => void server.publish("bench", payload) });
