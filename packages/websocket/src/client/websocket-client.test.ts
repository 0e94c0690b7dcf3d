import { once } from "node:events";
import { createServer } from "node:http";
import type { Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { type RawData, type WebSocket as Peer, WebSocketServer as PeerServer } from "ws";
import { createDeferred } from "../../../../test/support/deferred.ts";
import { startRawServer, switchProtocols } from "../../../../test/support/raw-server.ts";
import { WebSocketServer } from "../node/websocket-server.ts";
import { connect } from "./connect.ts";
import type { ConnectOptions } from "./connect-options.ts";
import { ConnectionClosedError } from "./received-close.ts";
import type { WebSocketClient } from "./websocket-client.ts";

interface ParsedFrame {
  readonly opcode: number;
  readonly key: string;
  readonly payload: Buffer;
}

/** Reads small masked frames; throws at one that is not masked. */
function parseMaskedFrames(bytes: Buffer): ParsedFrame[] {
  const frames: ParsedFrame[] = [];
  for (let at = 0; at < bytes.length; ) {
    if ((bytes[at + 1]! & 0x80) === 0) throw new Error(`the frame at ${at} is not masked`);
    const short = bytes[at + 1]! & 0x7f;
    const length = short === 126 ? bytes.readUInt16BE(at + 2) : short;
    const keyAt = at + (short === 126 ? 4 : 2);
    const key = bytes.subarray(keyAt, keyAt + 4);
    const payload = bytes
      .subarray(keyAt + 4, keyAt + 4 + length)
      .map((byte, index) => byte ^ key[index % 4]!);
    frames.push({ opcode: bytes[at]! & 0x0f, key: key.toString("hex"), payload: Buffer.from(payload) });
    at = keyAt + 4 + length;
  }
  return frames;
}

/** A client whose server sends `frames` (hex) behind the 101 and nothing else. */
async function connectTo(
  frames: string,
  options: ConnectOptions = {},
  end = false,
): Promise<WebSocketClient> {
  const { port } = await startRawServer((request, socket) => {
    socket.write(Buffer.concat([Buffer.from(switchProtocols(request)), Buffer.from(frames, "hex")]));
    if (end) socket.end();
    // A server ends TCP when the client has answered its Close frame.
    else {
      socket.on("data", (bytes: Buffer) => {
        if (parseMaskedFrames(bytes).some(({ opcode }) => opcode === 8)) socket.end();
      });
    }
  });
  const client = await connect(`ws://127.0.0.1:${port}`, options);
  onTestFinished(() => client.terminate());
  return client;
}

async function collect(client: WebSocketClient): Promise<(string | Uint8Array)[]> {
  const messages: (string | Uint8Array)[] = [];
  for await (const message of client) messages.push(message);
  return messages;
}

describe("what a client sends (RFC 6455 §5.1, §5.3)", () => {
  it("is masked in every frame, control frames too, each with a key of its own", async () => {
    const received: Buffer[] = [];
    const ended = createDeferred();
    const { port } = await startRawServer((request, socket) => {
      socket.on("data", (chunk: Buffer) => {
        received.push(chunk);
        if (parseMaskedFrames(Buffer.concat(received)).some(({ opcode }) => opcode === 8)) ended.resolve();
      });
      socket.write(Buffer.concat([Buffer.from(switchProtocols(request)), Buffer.from("890170", "hex")]));
    });
    const client = await connect(`ws://127.0.0.1:${port}`);
    const bytes = Buffer.from([1, 2, 3]);
    for (let index = 0; index < 300; index += 1) client.send(index % 2 === 0 ? "text" : bytes);
    client.send("");
    client.send("x".repeat(1000));
    client.ping().catch(() => {});
    void client.close(4001, "bye");
    await ended.promise;
    const frames = parseMaskedFrames(Buffer.concat(received));
    expect(new Set(frames.map(({ key }) => key)).size).toBe(frames.length);
    expect(new Set(frames.map(({ opcode }) => opcode))).toEqual(new Set([1, 2, 8, 9, 10]));
    expect(frames.at(-1)?.payload.toString("latin1")).toBe("\x0f\xa1bye");
    expect(bytes).toEqual(Buffer.from([1, 2, 3]));
    client.terminate();
  });
});

describe("a server that reads too slowly", () => {
  it("makes send answer queued, and ready resolve once it reads again", async () => {
    const peer = createDeferred<Socket>();
    const { port } = await startRawServer((request, socket) => {
      socket.pause();
      socket.write(switchProtocols(request));
      peer.resolve(socket);
    });
    const client = await connect(`ws://127.0.0.1:${port}`, { maxBufferedBytes: 64 * 1024 * 1024 });
    const chunk = Buffer.alloc(1024 * 1024);
    let result = client.send(chunk);
    for (let sent = 1; sent < 32; sent += 1) result = client.send(chunk);
    expect(result).toBe("queued");
    let isReady = false;
    const waitUntilReady = async (): Promise<void> => {
      await client.ready();
      isReady = true;
    };
    const ready = waitUntilReady();
    expect(await client.receive({ timeoutMs: 0 })).toMatchObject({ type: "timeout" });
    expect(isReady).toBe(false);
    (await peer.promise).resume();
    await ready;
    expect(client.bufferedBytes).toBeLessThanOrEqual(16 * 1024);
    client.terminate();
  });
});

describe("receiving", () => {
  it("answers a timeout without touching the connection", async () => {
    const release = createDeferred();
    const { port } = await startRawServer((request, socket) => {
      socket.write(switchProtocols(request));
      // Half a frame comes before the timeout, the other half after it.
      socket.write(Buffer.from("810548", "hex"));
      void release.promise.then(() => socket.write("ello"));
    });
    const client = await connect(`ws://127.0.0.1:${port}`);
    expect(await client.receive({ timeoutMs: 20 })).toMatchObject({
      type: "timeout",
      failure: { message: expect.stringMatching(/^No message arrived within \d+ ms\.$/) },
    });
    expect(client.isOpen).toBe(true);
    release.resolve();
    expect(await client.receive()).toEqual({ type: "message", data: "Hello" });
    client.terminate();
  });

  it("goes to the handler in the order of arrival, from the first byte behind the 101", async () => {
    const received: unknown[] = [];
    const closed = createDeferred();
    await connectTo("810141" + "820142" + "8900" + "880203e8", {
      handlers: {
        message: (_client, data) => void received.push(data),
        ping: () => void received.push("ping"),
        close: (_client, report) => {
          received.push(report.code);
          closed.resolve();
        },
      },
    });
    await closed.promise;
    expect(received).toEqual(["A", Buffer.from("B"), "ping", 1000]);
  });

  it("stops reading at the limit of the queue and goes on at half of it, losing nothing", async () => {
    const sent = Array.from({ length: 200 }, (_, index) => `${index}`);
    const url = await startPeer(false, (peer) => {
      for (const text of sent) peer.send(text);
      peer.close(1000);
    });
    const client = await connect(url, { receiveQueue: { maxMessages: 4 } });
    expect(await collect(client)).toEqual(sent);
    expect((await client.closed).wasClean).toBe(true);
  });

  it("finishes the closing handshake although nobody takes what waits", async () => {
    const url = await startPeer(false, (peer) => {
      for (let index = 0; index < 100; index += 1) peer.send("unread");
    });
    const client = await connect(url, { receiveQueue: { maxMessages: 2 } });
    expect(await client.close()).toMatchObject({ code: 1000, wasClean: true });
    expect(await client.receive()).toEqual({ type: "message", data: "unread" });
  });

  it("fails with 1011 if the handler throws", async () => {
    const causes: unknown[] = [];
    const client = await connectTo("810141", {
      handlers: {
        message: () => {
          throw new Error("mine");
        },
      },
      onFailure: (_failure, cause) => void causes.push(cause),
    });
    expect(await client.closed).toMatchObject({
      sent: { code: 1011 },
      failure: { name: "message-unhandled-exception" },
    });
    expect(causes[0]).toMatchObject({ message: "mine" });
  });
});

describe("iteration over messages", () => {
  it.each([
    ["1000", "8802" + "03e8"],
    ["1001", "8802" + "03e9"],
    ["1005", "8800"],
  ])("ends after %s", async (_code, close) => {
    expect(await collect(await connectTo(`810141${close}`))).toEqual(["A"]);
  });

  it("throws after any other close, with the report", async () => {
    const client = await connectTo("810141" + "8804" + "03f0" + "6e6f");
    const messages: unknown[] = [];
    const iterate = async (): Promise<void> => {
      for await (const message of client) messages.push(message);
    };
    const error: unknown = await iterate().catch((reason: unknown) => reason);
    expect(messages).toEqual(["A"]);
    expect(error).toBeInstanceOf(ConnectionClosedError);
    expect(error).toMatchObject({ code: "close-policy-violation", report: { code: 1008, reason: "no" } });
  });

  it("throws after a loss without a Close frame", async () => {
    const client = await connectTo("", {}, true);
    await expect(collect(client)).rejects.toMatchObject({ code: "close-without-frame" });
  });

  it("closes with 1000 when the loop is left", async () => {
    const client = await connectTo("810141810142");
    for await (const message of client) {
      expect(message).toBe("A");
      break;
    }
    expect((await client.closed).sent).toEqual({ code: 1000, reason: "" });
  });

  it("closes at the end of its scope", async () => {
    const client = await connectTo("");
    await client[Symbol.asyncDispose]();
    expect(client.isOpen).toBe(false);
    expect((await client.closed).sent?.code).toBe(1000);
  });
});

describe("after the end", () => {
  it("send, ping, close and ready answer instead of hanging", async () => {
    const client = await connectTo("8800");
    const report = await client.closed;
    expect(client.send("x")).toBe("closed");
    await expect(client.ping()).rejects.toMatchObject({ code: "send-after-close" });
    await client.ready();
    expect(await client.close()).toBe(report);
    expect(await client.receive()).toEqual({ type: "closed", report });
  });

  it("a ping that waits is rejected with why", async () => {
    const client = await connectTo("");
    const ping = client.ping();
    client.terminate();
    await expect(ping).rejects.toMatchObject({ name: "FailureError" });
  });

  it("close takes application codes only", async () => {
    const client = await connectTo("");
    expect(() => client.close(1006)).toThrow(/close-code-not-allowed/);
    expect(() => client.close(1000, "x".repeat(124))).toThrow(/close-reason-too-long/);
    expect(client.isOpen).toBe(true);
  });
});

describe.each([
  ["the ws package", (deflate: boolean) => startPeer(deflate)],
  ["our own server", startOwn],
])("with %s", (_name, startServer) => {
  it.each([false, true])("echoes text, binary and large messages, deflate %s", async (deflate) => {
    const client = await connect(await startServer(deflate), { deflate });
    expect(client.isCompressed).toBe(deflate);
    const large = "antiphon ".repeat(20_000);
    for (const data of ["", "grüß", Buffer.from([0, 1, 255]), large, Buffer.from(large)]) {
      client.send(data);
      const result = await client.receive();
      // Compared as bytes: a deep comparison of large buffers takes seconds.
      const received = "data" in result ? result.data : result.type;
      expect(typeof received).toBe(typeof data);
      expect(Buffer.from(received).equals(Buffer.from(data))).toBe(true);
    }
    expect(await client.ping()).toBeGreaterThanOrEqual(0);
    expect(await client.close(4321, "done")).toMatchObject({
      code: 4321,
      wasClean: true,
      initiator: "local",
    });
  });

  it("keeps to a client window of 8 bits by not compressing", async () => {
    const client = await connect(await startServer(true), {
      deflate: { clientMaxWindowBits: 8, thresholdBytes: 0 },
    });
    const data = "x".repeat(5000);
    client.send(data, { compress: true });
    expect(await client.receive()).toEqual({ type: "message", data });
    await client.close();
  });
});

async function startPeer(deflate: boolean, greet: (peer: Peer) => void = () => {}): Promise<string> {
  const perMessageDeflate = deflate && { threshold: 0 };
  const server = new PeerServer({ port: 0, host: "127.0.0.1", perMessageDeflate });
  onTestFinished(() => server.close());
  server.on("connection", (peer) => {
    greet(peer);
    peer.on("message", (data: RawData, isBinary: boolean) => peer.send(data, { binary: isBinary }));
  });
  await once(server, "listening");
  return serverUrl(server.address());
}

async function startOwn(deflate: boolean): Promise<string> {
  const http = createServer();
  const server = new WebSocketServer().route("/", {
    deflate: deflate && { thresholdBytes: 0 },
    message: (connection, data) => void connection.send(data),
  });
  server.attach(http);
  http.listen(0, "127.0.0.1");
  onTestFinished(() => void http.close());
  await once(http, "listening");
  return serverUrl(http.address());
}

function serverUrl(address: ReturnType<PeerServer["address"]>): string {
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return `ws://127.0.0.1:${address.port}/`;
}
