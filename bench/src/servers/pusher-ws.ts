/** A minimal Pusher server on `ws` and `node:http`: what a careful weekend would write. */
import { createHash, createHmac, createSecretKey } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocket, WebSocketServer } from "ws";
import { benchApp } from "../bench-app.ts";
import { serveCommands } from "./control.ts";
import { formatGreeting, formatSubscribed, readPublishes, readSubscription } from "./pusher-minimum.ts";

const secret = createSecretKey(Buffer.from(benchApp.secret));
const digests = {
  md5: (body: Uint8Array) => createHash("md5").update(body).digest("hex"),
  sign: (text: string) => createHmac("sha256", secret).update(text).digest("hex"),
};
const channels = new Map<string, Set<WebSocket>>();

function publish(channel: string, text: string): void {
  for (const client of channels.get(channel) ?? []) {
    if (client.readyState === WebSocket.OPEN) client.send(text);
  }
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
    const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
    const deliveries = readPublishes(pathname, searchParams, body, digests);
    const [status, text] = deliveries === undefined ? [401, '{"error":"refused"}'] : [200, "{}"];
    for (const { channel, text: message } of deliveries ?? []) publish(channel, message);
    response.writeHead(status, { "Content-Type": "application/json", "Content-Length": text.length });
    response.end(text);
  });
}

function subscribe(client: WebSocket, channel: string): void {
  const subscribers = channels.get(channel) ?? new Set();
  channels.set(channel, subscribers.add(client));
  client.on("close", () => subscribers.delete(client));
  client.send(formatSubscribed(channel));
}

const http = createServer(answer);
const server = new WebSocketServer({ server: http, perMessageDeflate: false });
let connections = 0;
server.on("connection", (client) => {
  client.on("error", () => client.terminate());
  client.on("message", (data) => {
    const channel = readSubscription((data as Buffer).toString());
    if (channel !== undefined) subscribe(client, channel);
  });
  connections += 1;
  client.send(formatGreeting(`${connections}.1`));
});
http.listen({ host: "127.0.0.1", port: 0, backlog: 4096 }, () => {
  serveCommands((http.address() as AddressInfo).port, { publish: (payload) => publish("bench", payload) });
});
