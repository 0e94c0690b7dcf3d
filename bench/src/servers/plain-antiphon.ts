/** The engine under test as a plain WebSocket server: `/echo`, `/subscribe`, and `/control` for the load generator. */
import { Topic, WebSocketServer } from "@antiphon/websocket";
import { serveCommands } from "./control.ts";
import { TurnRunner } from "./turn-runner.ts";

const deflate = process.argv.includes("--deflate");
const topic = new Topic();
const publish = (payload: string): void => topic.publish(payload);
const runner = new TurnRunner(publish);
// Heartbeats are off everywhere: the load generator answers none, as ws by default sends none.
const server = new WebSocketServer({ deflate, pingIntervalMs: 0 });
server.route("/echo", {
  message: (connection, data) => void connection.send(data),
});
server.route("/subscribe", {
  open: (connection) => topic.add(connection),
});
server.route("/control", {
  message: (_connection, data) => runner.ask(String(data)),
});
const { port } = await server.listen({ backlog: 4096 });
serveCommands(port, { publish });
