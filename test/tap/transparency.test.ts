/** Bytes through the started `antiphon tap`: identical in both directions, with memory that does not grow. */
import { createHash, type Hash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { switchProtocols } from "../support/raw-server.ts";
import { startTap } from "../support/tap-process.ts";

const request =
  "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/** Writes random frames of very different sizes, as much as the socket takes; resolves with the hash of all bytes. */
async function writeFrames(socket: Socket, totalBytes: number, masked: boolean): Promise<string> {
  const hash = createHash("sha256");
  const pool = randomBytes(1 << 20);
  const sizes = [0, 5, 125, 126, 65_535, 65_536, 1_000_000, 40_000_000];
  for (let sent = 0, turn = 0; sent < totalBytes; turn += 1) {
    const size = sizes[turn % sizes.length]!;
    const header = Buffer.alloc(14);
    header[0] = 0x82;
    header[1] = (masked ? 0x80 : 0) | 127;
    header.writeBigUInt64BE(BigInt(size), 2);
    await write(socket, header.subarray(0, masked ? 14 : 10), hash);
    for (let left = size; left > 0; left -= pool.length) await write(socket, pool.subarray(0, left), hash);
    sent += size;
  }
  socket.end();
  return hash.digest("hex");
}

async function write(socket: Socket, bytes: Buffer, hash: Hash): Promise<void> {
  hash.update(bytes);
  if (!socket.write(bytes)) await once(socket, "drain");
}

async function readHash(socket: Socket): Promise<string> {
  const hash = createHash("sha256");
  // Not `for await`: it destroys the socket after the last byte that is read, and what is still to be written with it.
  socket.on("data", (chunk: Buffer) => hash.update(chunk)).resume();
  await once(socket, "end");
  return hash.digest("hex");
}

describe("antiphon tap", () => {
  it("changes no byte of 200 MB each way, and does not grow with them", async () => {
    const totalBytes = 200_000_000;
    const serverSide: { sent?: Promise<string>; received?: Promise<string> } = {};
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.once("data", () => {
        socket.pause();
        socket.write(switchProtocols(request));
        serverSide.received = readHash(socket);
        serverSide.sent = writeFrames(socket, totalBytes, false);
      });
    }).listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const tap = await startTap(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, [
      "--filter",
      "text",
    ]);
    const client = connect({ port: tap.port, host: "127.0.0.1", allowHalfOpen: true });
    onTestFinished(() => void client.destroy());
    client.write(request);
    const answer = switchProtocols(request);
    await tap.printed(/the handshake is right/);
    await once(client, "readable");
    expect((client.read(answer.length) as Buffer).toString("latin1")).toBe(answer);
    const before = tap.memoryMiB();
    let most = before;
    const watch = setInterval(() => (most = Math.max(most, tap.memoryMiB())), 50);
    onTestFinished(() => clearInterval(watch));
    const [received, sent] = await Promise.all([readHash(client), writeFrames(client, totalBytes, true)]);
    expect(received).toBe(await serverSide.sent);
    expect(await serverSide.received).toBe(sent);
    // The garbage of reading (64 KiB a chunk) and the bounds of two directions; a copy of the data would be 400.
    expect(most - before).toBeLessThan(120);
    // A process that has ended has no memory to read.
    clearInterval(watch);
    await tap.printed(/end: /);
    const { output } = await tap.stop();
    // Lengths in the longest form are the one thing to find here.
    expect(output).toMatch(/found \d+ × {2}frame-length-not-minimal/);
    expect(output).not.toContain("frame-rsv");
  }, 60_000);

  it("holds the sender back when the receiver does not read", async () => {
    const server = createServer((socket) => {
      socket.once("data", () => {
        socket.pause();
        socket.write(switchProtocols(request));
      });
      socket.on("error", () => {});
      onTestFinished(() => void socket.destroy());
    }).listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const tap = await startTap(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const client = connect(tap.port, "127.0.0.1");
    client.on("error", () => {});
    onTestFinished(() => void client.destroy());
    client.write(request);
    await once(client, "data");
    const before = tap.memoryMiB();
    client.write(Buffer.from("82ff0000000010000000aabbccdd", "hex"));
    const chunk = Buffer.alloc(1 << 20);
    let taken = 0;
    // What the kernel and the tap do not take stays with the sender: no callback comes for it.
    const pump = (): void =>
      void client.write(chunk, (error) => {
        if (error) return;
        taken += chunk.length;
        pump();
      });
    pump();
    await settleAt(() => taken);
    expect(taken).toBeLessThan(64 << 20);
    expect(tap.memoryMiB() - before).toBeLessThan(60);
  });
});

/** Waits until the value has not changed for half a second: of nothing that happens no event tells. */
async function settleAt(read: () => number): Promise<void> {
  for (let last = -1; last !== read(); ) {
    last = read();
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
