import { once } from "node:events";
import { connect, createServer, Socket } from "node:net";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import { describe, expect, it, onTestFinished } from "vitest";
import { FakeSocket } from "../../../../test/support/fake-socket.ts";
import { createCertificate, hasOpenssl } from "../../../../test/support/tls-certificates.ts";
import { readIntoSharedBuffer } from "./shared-read-buffer.ts";

const isSwitchedOff = process.env["ANTIPHON_SHARED_READ_BUFFER"] === "off";
const isTested = ["20", "22", "24"].includes(process.versions.node.split(".")[0]!) && !isSwitchedOff;
const takeNothing = (): void => {};

/** Both ends of a connection over loopback. */
async function openPair(): Promise<{ near: Socket; far: Socket }> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const far = connect((server.address() as { port: number }).port, "127.0.0.1");
  const [near] = (await once(server, "connection")) as [Socket];
  onTestFinished(() => {
    for (const end of [near, far, server])
      if ("destroy" in end) end.destroy();
      else end.close();
  });
  return { near, far };
}

describe("the shared read buffer", () => {
  it("lends the bytes of each socket to its taker, from the same memory", async () => {
    const taken: [Socket, string, ArrayBufferLike][] = [];
    function take(this: unknown, length: number, buffer: Uint8Array): void {
      taken.push([this as Socket, Buffer.from(buffer.subarray(0, length)).toString(), buffer.buffer]);
    }
    const pairs = [await openPair(), await openPair()];
    for (const { near } of pairs) {
      expect(readIntoSharedBuffer(near, take)).toBe(isTested);
      near.resume();
    }
    if (!isTested) return;
    pairs[0]!.far.write("first");
    await expect.poll(() => taken.length).toBe(1);
    pairs[1]!.far.write("second");
    await expect.poll(() => taken.length).toBe(2);
    expect(taken.map(([socket, text]) => [socket, text])).toEqual([
      [pairs[0]!.near, "first"],
      [pairs[1]!.near, "second"],
    ]);
    expect(taken[0]![2]).toBe(taken[1]![2]);
  });

  it("leaves the end of the stream, pausing and errors as they are", async () => {
    const { near, far } = await openPair();
    let text = "";
    function take(this: unknown, length: number, buffer: Uint8Array): void {
      text += Buffer.from(buffer.subarray(0, length)).toString();
    }
    if (!readIntoSharedBuffer(near, take)) near.on("data", (chunk) => take(chunk.length, chunk));
    near.pause();
    far.end("late");
    await once(far, "finish");
    expect(text).toBe("");
    near.resume();
    await once(near, "end");
    expect(text).toBe("late");

    const reset = await openPair();
    readIntoSharedBuffer(reset.near, takeNothing);
    reset.near.resume();
    reset.far.resetAndDestroy();
    const [error] = (await once(reset.near, "error")) as [NodeJS.ErrnoException];
    expect(error.code).toBe("ECONNRESET");
  });

  it("is not for a socket in whose stream bytes wait already: they come first, and as events", async () => {
    const { near, far } = await openPair();
    near.pause();
    far.write("early");
    near.read(0);
    await once(near, "readable");
    expect(readIntoSharedBuffer(near, takeNothing)).toBe(false);
    expect(String(near.read())).toBe("early");
  });

  it("is not for streams that stand in for a socket, for sockets that are gone, or twice for the same", async () => {
    expect(readIntoSharedBuffer(new FakeSocket(), takeNothing)).toBe(false);
    expect(readIntoSharedBuffer(new Socket(), takeNothing)).toBe(false);
    const { near } = await openPair();
    expect(readIntoSharedBuffer(near, takeNothing)).toBe(isTested);
    expect(readIntoSharedBuffer(near, takeNothing)).toBe(false);
    near.destroy();
    expect(readIntoSharedBuffer(near, takeNothing)).toBe(false);
  });

  it.skipIf(!hasOpenssl)("is not for TLS, whose bytes are decrypted on the way", async () => {
    const server = createTlsServer(createCertificate("x.test")).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const far = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false });
    const [near] = (await once(server, "secureConnection")) as [Socket];
    onTestFinished(() => {
      far.destroy();
      server.close();
    });
    expect(readIntoSharedBuffer(near, takeNothing)).toBe(false);
    expect(readIntoSharedBuffer(far, takeNothing)).toBe(false);
  });
});
