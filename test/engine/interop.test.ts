/** Our server with clients that others wrote: `ws`, and Node's own WebSocket where there is one. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import type { ConnectionHandlers } from "../../packages/websocket/src/index.ts";
import { deflateCodec } from "../../packages/websocket/src/node/deflate-codec.ts";
import { createDeferred } from "../support/deferred.ts";
import { type Engine, startEngine } from "../support/engine.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const echo: ConnectionHandlers = { message: (connection, data) => void connection.send(data) };

interface Received {
  readonly data: Buffer;
  readonly isBinary: boolean;
}

interface OpenClient {
  readonly client: WebSocket;
  /** As the server answered them. */
  readonly extensions: string;
  readonly next: () => Promise<Received>;
  readonly closed: Promise<string>;
}

/** A `ws` client that is open, and its messages as they come. */
async function openClient(url: string, options: WebSocket.ClientOptions = {}): Promise<OpenClient> {
  const client = new WebSocket(url, options);
  let extensions = "";
  client.on("upgrade", ({ headers }) => {
    extensions = headers["sec-websocket-extensions"] ?? "";
  });
  const messages: Received[] = [];
  const waiting: ((message: Received) => void)[] = [];
  const closed = createDeferred<string>();
  client.on("message", (data: Buffer, isBinary) => {
    const waiter = waiting.shift();
    if (waiter) waiter({ data, isBinary });
    else messages.push({ data, isBinary });
  });
  client.on("close", (code, reason) => closed.resolve(`${code} ${reason.toString()}`));
  const opened = createDeferred<Error | undefined>();
  client.on("open", () => opened.resolve(undefined));
  client.on("error", (error) => opened.resolve(error));
  const error = await opened.promise;
  if (error) throw error;
  const next = (): Promise<Received> => {
    const message = messages.shift();
    return message ? Promise.resolve(message) : new Promise((resolve) => waiting.push(resolve));
  };
  return { client, extensions, next, closed: closed.promise };
}

const repetitive = (at: number): string => JSON.stringify({ event: "tick", at, text: "again ".repeat(60) });

describe("ws, uncompressed", () => {
  it("exchanges messages of every length form, text and binary, also in fragments", async () => {
    const engine = await startEngine({ route: echo });
    const { client, next, closed } = await openClient(engine.url);
    for (const size of [0, 1, 125, 126, 127, 65_535, 65_536, 1_000_000]) {
      client.send(Buffer.alloc(size, 0xfe));
      client.send("é".repeat(size / 2));
    }
    for (const size of [0, 1, 125, 126, 127, 65_535, 65_536, 1_000_000]) {
      const { data, isBinary } = await next();
      // Not toEqual, which compares a million bytes one by one.
      expect([data.equals(Buffer.alloc(size, 0xfe)), isBinary]).toEqual([true, true]);
      expect((await next()).data.toString() === "é".repeat(size / 2)).toBe(true);
    }
    client.send("one ", { fin: false });
    client.ping("between");
    client.send("two", { fin: true });
    expect((await next()).data.toString()).toBe("one two");
    client.close(4321, "enough");
    expect(await closed).toBe("4321 ");
    expect(await engine.closed()).toMatchObject({ code: 4321, reason: "enough", wasClean: true });
  });

  it("takes a message that is streamed, with others behind it", async () => {
    const engine = await startEngine();
    const { next } = await openClient(engine.url);
    const connection = await engine.opened();
    const stream = connection.stream("text");
    connection.send("behind");
    for (let at = 0; at < 100; at += 1) {
      stream.write(`${at},`);
      if (at % 10 === 0) await connection.ready();
    }
    stream.end();
    const expected = `${Array.from({ length: 100 }, (_, at) => at).join(",")},`;
    expect([(await next()).data.toString(), (await next()).data.toString()]).toEqual([expected, "behind"]);
  });

  it("answers our pings and gets its own answered", async () => {
    const engine = await startEngine();
    const { client } = await openClient(engine.url);
    const pong = new Promise((resolve) =>
      client.once("pong", (payload: Buffer) => resolve(payload.toString())),
    );
    client.ping("marco");
    expect(await pong).toBe("marco");
    expect(await (await engine.opened()).ping()).toBeGreaterThan(0);
  });

  it("takes the subprotocol that the server prefers", async () => {
    const engine = await startEngine({ subprotocols: ["v2", "v1"] });
    const client = new WebSocket(engine.url, ["v1", "v2"]);
    await new Promise((resolve) => client.once("open", resolve));
    expect([client.protocol, (await engine.opened()).subprotocol]).toEqual(["v2", "v2"]);
    client.terminate();
  });
});

describe("ws with permessage-deflate (RFC 7692)", () => {
  const windows = [undefined, 9, 12, 15] as const;
  const cases = [true, false].flatMap((takeover) => windows.map((bits) => ({ takeover, bits })));

  it.each(cases)(
    "exchanges compressed messages, context takeover $takeover, windows $bits",
    async ({ takeover, bits }) => {
      const engine = await startEngine({
        deflate: {
          serverNoContextTakeover: !takeover,
          clientNoContextTakeover: !takeover,
          serverMaxWindowBits: bits ?? 15,
          clientMaxWindowBits: bits ?? 15,
          thresholdBytes: 0,
        },
        route: echo,
      });
      const { client, extensions, next, closed } = await openClient(engine.url, {
        perMessageDeflate: {
          threshold: 0,
          ...(bits && { serverMaxWindowBits: bits, clientMaxWindowBits: bits }),
        },
      });
      expect(extensions).toContain("permessage-deflate");
      expect(extensions.includes("server_no_context_takeover")).toBe(!takeover);
      const texts = ["", "a", ...Array.from({ length: 60 }, (_, at) => repetitive(at)), "b".repeat(200_000)];
      for (const text of texts) client.send(text);
      for (const text of texts) expect((await next()).data.toString()).toBe(text);
      const connection = await engine.opened();
      const plainBytes = texts.reduce((sum, text) => sum + text.length, 0);
      expect([connection.isCompressed, connection.bytesReceived < plainBytes / 5]).toEqual([true, true]);
      expect(connection.bytesSent).toBeLessThan(plainBytes / 5);
      client.close(1000);
      expect(await closed).toBe("1000 ");
      expect(engine.names).toEqual([]);
    },
  );

  it("goes on uncompressed where the offer is declined, and where only some messages are compressed", async () => {
    const engine = await startEngine({ deflate: { thresholdBytes: 500 }, route: echo });
    const plain = await openClient(engine.url, { perMessageDeflate: false });
    const mixed = await openClient(engine.url, { perMessageDeflate: { threshold: 500 } });
    expect([plain.extensions, (await engine.opened(0)).isCompressed]).toEqual(["", false]);
    for (const { client, next } of [plain, mixed]) {
      for (const text of ["short", repetitive(1), repetitive(2), "short again", repetitive(3)]) {
        client.send(text);
        expect((await next()).data.toString()).toBe(text);
      }
    }
  });

  it("gets a bomb answered with 1009", async () => {
    const engine = await startEngine({ deflate: true, maxMessageBytes: 10_000 });
    const bomb = await openClient(engine.url, { perMessageDeflate: { threshold: 0 } });
    bomb.client.send("x".repeat(5_000_000));
    expect(await bomb.closed).toBe("1009 deflate-bomb");
    expect(engine.names).toEqual(["deflate-bomb"]);
  });

  it("gets what is published compressed once for all, whatever their number", async () => {
    const engine = await startEngine({ deflate: { thresholdBytes: 100 } });
    const { topics } = engine.server;
    const clients = [];
    for (let at = 0; at < 6; at += 1) {
      // One of them takes no compression, one demands a smaller window.
      const perMessageDeflate = at === 0 ? false : at === 1 ? { serverMaxWindowBits: 9 } : {};
      clients.push(await openClient(engine.url, { perMessageDeflate }));
      topics.subscribe(await engine.opened(at), "all");
    }
    const deflate = vi.spyOn(deflateCodec, "deflate");
    topics.publish("all", repetitive(1));
    topics.publish("all", "short");
    topics.publish("all", repetitive(2), await engine.opened(5));
    for (const { next } of clients.slice(0, 5)) {
      const texts = [(await next()).data, (await next()).data, (await next()).data].map(String);
      expect(texts).toEqual([repetitive(1), "short", repetitive(2)]);
    }
    expect([await clients[5]!.next(), await clients[5]!.next()].map(({ data }) => data.toString())).toEqual([
      repetitive(1),
      "short",
    ]);
    // Two long messages in two window sizes.
    expect(deflate).toHaveBeenCalledTimes(4);
  });

  it("gets frames of its own where its window remembers", async () => {
    const engine = await startEngine({ deflate: { serverNoContextTakeover: false, thresholdBytes: 100 } });
    const { topics } = engine.server;
    const clients = [await openClient(engine.url), await openClient(engine.url)];
    const connections = [await engine.opened(0), await engine.opened(1)];
    connections[0]!.send(repetitive(0));
    for (const connection of connections) topics.subscribe(connection, "all");
    for (let at = 1; at < 5; at += 1) topics.publish("all", repetitive(at));
    const received = async (client: (typeof clients)[number], count: number): Promise<string[]> => {
      const texts: string[] = [];
      while (texts.length < count) texts.push((await client.next()).data.toString());
      return texts;
    };
    expect(await received(clients[0]!, 5)).toEqual([0, 1, 2, 3, 4].map(repetitive));
    expect(await received(clients[1]!, 4)).toEqual([1, 2, 3, 4].map(repetitive));
  });
});

describe.skipIf(globalThis.WebSocket === undefined)(
  "Node's own WebSocket (skipped where Node has none)",
  () => {
    async function roundTrip(engine: Engine): Promise<string[]> {
      const client = new globalThis.WebSocket(engine.url, ["v1"]);
      client.binaryType = "arraybuffer";
      const log: string[] = [];
      const done = createDeferred<string[]>();
      client.addEventListener("open", () => {
        log.push(`open ${client.protocol}`);
        client.send("text");
        client.send(new Uint8Array([1, 2, 3]));
        client.send(repetitive(7));
      });
      client.addEventListener("message", ({ data }: MessageEvent<string | ArrayBuffer>) => {
        log.push(typeof data === "string" ? data : Buffer.from(data).toString("hex"));
        if (log.length === 4) client.close(4000, "bye");
      });
      client.addEventListener("close", ({ code, wasClean }) => done.resolve([...log, `${code} ${wasClean}`]));
      return done.promise;
    }

    it.each([false, true])(
      "exchanges messages and closes, compression offered by the server: %s",
      async (deflate) => {
        const engine = await startEngine({ deflate, subprotocols: ["v1"], route: echo });
        expect(await roundTrip(engine)).toEqual(["open v1", "text", "010203", repetitive(7), "4000 true"]);
        expect(await engine.closed()).toMatchObject({ code: 4000, reason: "bye", wasClean: true });
      },
    );
  },
);
