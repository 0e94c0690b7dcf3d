/** The same on Bun, whose WebSocket server is uWebSockets, with its native publish. */
import { bun } from "./bun-runtime.ts";
import { serveCommands } from "./control.ts";
import { TurnRunner } from "./turn-runner.ts";

const topic = "all";
const isDeflating = process.argv.includes("--deflate");
const server = bun.serve<string>({
  port: 0,
  hostname: "127.0.0.1",
  fetch(request, self) {
    const { pathname } = new URL(request.url);
    return self.upgrade(request, { data: pathname })
      ? undefined
      : new Response("no upgrade", { status: 426 });
  },
  websocket: {
    perMessageDeflate: isDeflating,
    idleTimeout: 0,
    open(socket) {
      if (socket.data === "/subscribe") socket.subscribe(topic);
    },
    message(socket, message) {
      if (socket.data === "/control") runner.ask(String(message));
      else socket.send(message, isDeflating);
    },
  },
});
const publish = (payload: string): void => void server.publish(topic, payload, isDeflating);
const runner = new TurnRunner(publish);
serveCommands(server.port, { publish });
