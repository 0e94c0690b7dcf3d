/**
 * Ten thousand clients that are cut off with a TCP reset somewhere in the opening handshake: before the first byte, inside
 * the request, behind it, at the 101, or after the greeting. Nothing of them may stay: no connection, no descriptor, and
 * nothing that a shutdown would have to wait for.
 */
import { once } from "node:events";
import { readdirSync, readlinkSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AntiphonProcess } from "../support/antiphon-process.ts";
import { startConfiguredServer } from "../support/configured-server.ts";
import { createPublisher } from "../support/publisher.ts";
import { connectRawClient, pusherUrl } from "../support/raw-client.ts";

const app = { id: "20", key: "reset-key", secret: "reset-secret" };
const clients = 10_000;
const concurrency = 100;
const mostAtOnce = 5 * concurrency;

const request = Buffer.from(
  `GET /app/${app.key}?protocol=7&client=js&version=8.6.0&flash=false HTTP/1.1\r\n` +
    "Host: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
);

let server: AntiphonProcess;

beforeAll(async () => {
  server = await startConfiguredServer({
    apps: [app],
    server: { shutdownGraceMs: 10_000 },
    // Handshakes count here: if one in twenty stayed behind, nobody could connect any more.
    limits: { maxConnections: mostAtOnce, maxConnectionsPerIp: mostAtOnce },
  });
});

afterAll(() => server.stop());

/** Where a client is cut off. */
type CutOff =
  | { readonly at: "connected" }
  /** After so many bytes of the request. */
  | { readonly at: "sent"; readonly bytes: number }
  /** Once so many bytes of the answer have come; the 101 and the greeting are longer. */
  | { readonly at: "answered"; readonly bytes: number };

/** Every point is reached by hundreds of clients; which one is when does not matter. */
function chooseCutOff(client: number): CutOff {
  switch (client % 4) {
    case 0:
      return { at: "connected" };
    case 1:
      return { at: "sent", bytes: 1 + (client % (request.length - 1)) };
    case 2:
      // The server is about to answer, or just has.
      return { at: "sent", bytes: request.length };
    default:
      return { at: "answered", bytes: 1 + (client % 200) };
  }
}

async function connectAndReset(cutOff: CutOff): Promise<void> {
  const socket = connect(server.port, "127.0.0.1");
  socket.setNoDelay(true);
  await once(socket, "connect");
  if (cutOff.at === "sent") await write(socket, request.subarray(0, cutOff.bytes));
  if (cutOff.at === "answered") {
    await write(socket, request);
    let received = 0;
    while (received < cutOff.bytes) {
      const [chunk] = (await once(socket, "data")) as [Buffer];
      received += chunk.length;
    }
  }
  socket.resetAndDestroy();
  await once(socket, "close");
}

function write(socket: Socket, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}

/** Connects and resets all clients, so many at a time. */
async function resetAll(): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < clients) {
      const cutOff = chooseCutOff(next);
      next += 1;
      await connectAndReset(cutOff);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
}

/** Sockets that the server's process holds, as Linux counts them. */
function countSockets(): number {
  const folder = `/proc/${server.pid}/fd`;
  return readdirSync(folder).filter((descriptor) => {
    try {
      return readlinkSync(`${folder}/${descriptor}`).startsWith("socket:");
    } catch {
      // It was closed while we looked.
      return false;
    }
  }).length;
}

async function countConnections(): Promise<number> {
  const response = await createPublisher(server, app).get({ path: "/connections" });
  return ((await response.json()) as { connections: number }).connections;
}

describe("clients that are reset during the handshake", () => {
  it("leave nothing behind, and disturb nobody", async () => {
    const { client: bystander } = await connectRawClient(pusherUrl(server, app.key));
    bystander.subscribe("bystanders");
    await bystander.next();
    const socketsBefore = process.platform === "linux" ? countSockets() : 0;

    await resetAll();

    await expect.poll(countConnections, { timeout: 5000 }).toBe(1);
    if (process.platform === "linux") {
      await expect.poll(countSockets, { timeout: 5000 }).toBe(socketsBefore);
    }
    await createPublisher(server, app).trigger("bystanders", "still", "here");
    expect(await bystander.settle()).toEqual(['{"event":"still","channel":"bystanders","data":"here"}']);
    const { client: newcomer } = await connectRawClient(pusherUrl(server, app.key));
    await Promise.all([bystander.close(), newcomer.close()]);
    await expect.poll(countConnections, { timeout: 5000 }).toBe(0);

    expect(await server.stop()).toBe(0);
    // What the shutdown found: no connection to close, and none to cut.
    expect(server.output()).toContain('"clean":0,"forced":0');
  }, 60_000);
});
