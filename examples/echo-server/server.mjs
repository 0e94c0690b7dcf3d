/**
 * An echo server for conformance suites: sends back every message as it came, text as text and binary as binary.
 *
 *   node server.mjs PORT [--max-message BYTES] [--max-fragments N] [--no-deflate]
 */
import { parseArgs } from "node:util";
import { WebSocketServer } from "@antiphon/websocket";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    "max-message": { type: "string", default: String(64 * 1024 * 1024) },
    "max-fragments": { type: "string", default: "131072" },
    "no-deflate": { type: "boolean", default: false },
  },
});
const port = Number(positionals[0]);
const maxMessageBytes = Number(values["max-message"]);
const maxFragments = Number(values["max-fragments"]);
if (positionals.length !== 1 || !(port >= 0) || !(maxMessageBytes > 0) || !(maxFragments > 0)) {
  console.error("usage: server.mjs PORT [--max-message BYTES] [--max-fragments N] [--no-deflate]");
  process.exit(2);
}

const server = new WebSocketServer({
  maxMessageBytes,
  maxFragments,
  // Suites are silent on purpose and ping in bursts.
  pingIntervalMs: 0,
  maxPingsPerSecond: 0,
  // What a peer is sent back may take it a while to read.
  maxBufferedBytes: 4 * maxMessageBytes,
  // Everything the client asks for is agreed to: windows from 9 to 15 bits, with and without context takeover.
  deflate: values["no-deflate"]
    ? false
    : {
        serverNoContextTakeover: false,
        clientNoContextTakeover: false,
        serverMaxWindowBits: 15,
        clientMaxWindowBits: 15,
        thresholdBytes: 0,
      },
});

server.route("*", {
  message(connection, data) {
    connection.send(data);
  },
});

const address = await server.listen({ port });
console.log(`listening on ws://127.0.0.1:${address.port}`);

process.once("SIGINT", () => void server.shutdown({ drainWindowMs: 0, deadlineMs: 2000 }));
process.once("SIGTERM", () => void server.shutdown({ drainWindowMs: 0, deadlineMs: 2000 }));
