/** The same on `ws`, with the broadcast loop that its README shows. */
import { WebSocket, WebSocketServer } from "ws";
import { serveCommands } from "./control.ts";
import { TurnRunner } from "./turn-runner.ts";

// Without context takeover, as the other contenders answer by default.
const perMessageDeflate = process.argv.includes("--deflate") && { serverNoContextTakeover: true };
const subscribers = new Set<WebSocket>();
const publish = (payload: string): void => {
  for (const client of subscribers) if (client.readyState === WebSocket.OPEN) client.send(payload);
};
const runner = new TurnRunner(publish);
const server = new WebSocketServer({ host: "127.0.0.1", port: 0, backlog: 4096, perMessageDeflate });
server.on("connection", (client, request) => {
  client.on("error", () => client.terminate());
  if (request.url === "/subscribe") {
    subscribers.add(client);
    client.on("close", () => subscribers.delete(client));
  } else if (request.url === "/control") {
    client.on("message", (data) => runner.ask((data as Buffer).toString()));
  } else {
    client.on("message", (data, isBinary) => client.send(data, { binary: isBinary }));
  }
});
server.on("listening", () => {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("ws listens on no port");
  serveCommands(address.port, { publish });
});
