/**
 * Many connections read into one buffer, so nothing that outlives a read may lie in it: each case is run with the shared
 * buffer and without.
 */
import { describe, expect, it } from "vitest";
import type { WebSocketConnection } from "../../packages/websocket/src/index.ts";
import { startEngine } from "../support/engine.ts";
import { clientFrame, openWire, type WireClient } from "../support/wire-client.ts";

/** Makes the server read something else in between, longer than anything that a case sends. */
async function overwriteBuffer(other: WireClient): Promise<void> {
  other.send("#".repeat(60_000));
  expect(await other.next()).toBe("text ok");
}

function drawBytes(length: number, seed: number): Buffer {
  let state = seed;
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at += 1) {
    state = (state * 1_103_515_245 + 12_345) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

describe.each([
  ["with the shared read buffer", true],
  ["without it", false],
])("bytes that outlive their read, %s", (_, sharedReadBuffer) => {
  it("are the handler's own in a binary message", async () => {
    const kept: Uint8Array[] = [];
    const engine = await startEngine({
      sharedReadBuffer,
      route: {
        message(connection, data) {
          if (typeof data === "string") connection.send("ok");
          else kept.push(data);
        },
      },
    });
    const client = await openWire(engine.port);
    const other = await openWire(engine.port);
    const sent = [1, 20, 300, 40_000, 200_000].map((length, seed) => drawBytes(length, seed));
    for (const bytes of sent) {
      client.send(bytes, { opcode: 2 });
      await overwriteBuffer(other);
    }
    await engine.until(() => kept.length === sent.length);
    expect(kept.map((bytes, index) => sent[index]!.equals(bytes))).toEqual(sent.map(() => true));
  });

  it("are the handler's own in a ping and a pong", async () => {
    const kept: Uint8Array[] = [];
    const keep = (_: WebSocketConnection, payload: Uint8Array): void => void kept.push(payload);
    const engine = await startEngine({
      sharedReadBuffer,
      route: { ping: keep, pong: keep, message: (connection) => void connection.send("ok") },
    });
    const client = await openWire(engine.port);
    const other = await openWire(engine.port);
    client.send("this is a ping", { opcode: 9 }).send("this is a pong", { opcode: 10 });
    expect(await client.next()).toBe("pong this is a ping");
    await engine.until(() => kept.length === 2);
    await overwriteBuffer(other);
    expect(kept.map((bytes) => Buffer.from(bytes).toString())).toEqual(["this is a ping", "this is a pong"]);
  });

  it("wait unharmed behind a pause that a handler makes in the middle of a chunk", async () => {
    const received: string[] = [];
    const engine = await startEngine({
      sharedReadBuffer,
      route: {
        message(connection, data) {
          if (String(data).startsWith("#")) {
            connection.send("ok");
            return;
          }
          received.push(String(data));
          connection.pause();
        },
      },
    });
    const client = await openWire(engine.port);
    const connection = await engine.opened();
    const other = await openWire(engine.port);
    client.write(Buffer.concat(["a", "b".repeat(200), "ü", ""].map((text) => clientFrame(text))));
    for (const count of [1, 2, 3, 4]) {
      await engine.until(() => received.length === count);
      await overwriteBuffer(other);
      connection.resume();
    }
    expect(received).toEqual(["a", "b".repeat(200), "ü", ""]);
  });

  it.each([1, 3, 9])("wait unharmed until an open handler is done, cut behind %i bytes", async (cut) => {
    let finishOpening = (): void => {};
    const opening = new Promise<void>((resolve) => {
      finishOpening = resolve;
    });
    const engine = await startEngine({
      sharedReadBuffer,
      route: {
        open: () => opening,
        message: (connection, data) => void connection.send(data),
      },
    });
    const client = await openWire(engine.port);
    const frame = clientFrame("patience");
    client.write(frame.subarray(0, cut));
    client.write(frame.subarray(cut));
    await engine.opened();
    finishOpening();
    expect(await client.next()).toBe("text patience");
  });

  it("make up whole messages however connections and pieces take turns", async () => {
    const engine = await startEngine({
      sharedReadBuffer,
      deflate: true,
      route: { message: (connection, data) => void connection.send(data) },
    });
    const clients = await Promise.all(Array.from({ length: 5 }, () => openWire(engine.port)));
    const random = drawBytes(20_000, 7);
    let at = 0;
    const draw = (below: number): number => random[(at += 1) % random.length]! % below;
    const expected = clients.map((): string[] => []);
    const streams = clients.map((_client, index) => {
      const frames: Buffer[] = [];
      for (let message = 0; message < 12; message += 1) {
        const text = `${index}.${message} ${"aü€𝄞".repeat(draw(40))}`;
        const bytes = Buffer.from(text);
        const cut = draw(bytes.length);
        frames.push(clientFrame(bytes.subarray(0, cut), { fin: false }));
        frames.push(clientFrame(bytes.subarray(cut), { opcode: 0 }), clientFrame(`whole ${text}`));
        expected[index]!.push(`text ${text}`, `text whole ${text}`);
      }
      return Buffer.concat(frames);
    });
    const offsets = streams.map(() => 0);
    while (streams.some((stream, index) => offsets[index]! < stream.length)) {
      for (const [index, stream] of streams.entries()) {
        const end = offsets[index]! + 1 + draw(90);
        clients[index]!.write(stream.subarray(offsets[index], end));
        offsets[index] = end;
      }
      // The server reads what is there so far: pieces of frames of all clients, one after the other.
      await new Promise((resolve) => setImmediate(resolve));
    }
    for (const [index, client] of clients.entries()) {
      for (const text of expected[index]!) expect(await client.next()).toBe(text);
    }
  });

  it("are followed by the end that the peer gives its half, or by a reset", async () => {
    const received: string[] = [];
    const engine = await startEngine({
      sharedReadBuffer,
      route: { message: (_connection, data) => void received.push(String(data)) },
    });
    const client = await openWire(engine.port);
    client.send("the last").socket.end();
    expect(await engine.closed()).toMatchObject({ tcp: "fin", failure: { name: "close-without-frame" } });
    const truncated = await openWire(engine.port);
    truncated.write(clientFrame("cut off").subarray(0, 9)).socket.end();
    expect(await engine.closed(1)).toMatchObject({ failure: { name: "stream-truncated-frame" } });
    const reset = await openWire(engine.port);
    await engine.opened(2);
    reset.reset();
    expect(await engine.closed(2)).toMatchObject({ tcp: "reset", failure: { name: "tcp-reset" } });
    expect(received).toEqual(["the last"]);
  });
});
