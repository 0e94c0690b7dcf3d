/** The same on Socket.IO, WebSocket transport only, over its own packets. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server } from "socket.io";
import { serveCommands } from "./control.ts";
import { TurnRunner } from "./turn-runner.ts";

const room = "subscribers";
const http = createServer();
// The load generator answers no pings: a window of it is over long before the first.
const io = new Server(http, { transports: ["websocket"], serveClient: false, pingInterval: 600_000 });
const publish = (payload: string): void => void io.to(room).emit("m", payload);
const runner = new TurnRunner(publish);
io.on("connection", (socket) => {
  const { path } = socket.handshake.query;
  if (path === "/subscribe") void socket.join(room);
  else if (path === "/control") socket.on("m", (request: string) => runner.ask(request));
  else socket.on("m", (message: string) => socket.emit("m", message));
});
http.listen({ host: "127.0.0.1", port: 0, backlog: 4096 }, () => {
  serveCommands((http.address() as AddressInfo).port, { publish });
});
