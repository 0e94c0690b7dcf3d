/** Connections on real sockets: who ends TCP, what arrives when, and what a peer on the wire sees of failures. */
import { describe, expect, it } from "vitest";
import { createDeferred } from "../support/deferred.ts";
import { startEngine } from "../support/engine.ts";
import { clientFrame, openWire, request, upgradeRequest } from "../support/wire-client.ts";

describe("the end of TCP (RFC 6455 §7.1.1)", () => {
  it("comes from the server first, right behind its Close", async () => {
    const engine = await startEngine();
    const client = await openWire(engine.port);
    client.sendClose(1000, "done");
    expect(await client.next()).toBe("close 1000");
    // The client has not ended its half, and yet the server has.
    await client.ended;
    expect(client.socket.writableEnded).toBe(false);
    client.socket.end();
    expect(await client.closed).toBe("fin");
    expect(await engine.closed()).toMatchObject({ code: 1000, reason: "done", wasClean: true, tcp: "fin" });
  });

  it("waits for the answer to our Close, and delivers what comes before it", async () => {
    const received: string[] = [];
    const engine = await startEngine({ route: { message: (_, data) => void received.push(String(data)) } });
    const client = await openWire(engine.port);
    (await engine.opened()).close(4001, "go");
    expect(await client.next()).toBe("close 4001 go");
    client.send("on its way").sendClose(4001);
    await client.ended;
    client.socket.end();
    expect(await engine.closed()).toMatchObject({ wasClean: true, initiator: "local" });
    expect(received).toEqual(["on its way"]);
  });

  it("comes after all that was sent before, however much that is", async () => {
    const engine = await startEngine({ maxBufferedBytes: 64 * 1024 * 1024 });
    const client = await openWire(engine.port);
    const connection = await engine.opened();
    const size = 3_000_000;
    for (const letter of "abcd") connection.send(letter.repeat(size));
    connection.close(1000);
    for (const letter of "abcd") expect(await client.next()).toBe(`text ${letter.repeat(size)}`);
    expect(await client.next()).toBe("close 1000");
    client.sendClose(1000);
    await client.ended;
    client.socket.end();
    expect(await engine.closed()).toMatchObject({ wasClean: true });
  });

  it("does not erase our reason although the peer goes on sending", async () => {
    const engine = await startEngine({ maxMessageBytes: 10 });
    const client = await openWire(engine.port);
    client.write(Buffer.concat([clientFrame("far too long"), Buffer.alloc(2_000_000)]));
    expect(await client.next()).toBe("close 1009 message-too-large");
    await client.ended;
    client.socket.end();
    expect(await client.closed).toBe("fin");
    expect(await engine.closed()).toMatchObject({ tcp: "fin", failure: { name: "message-too-large" } });
  });

  it("is forced upon a peer that never ends its half", async () => {
    const engine = await startEngine();
    const client = await openWire(engine.port);
    await client.sendClose(1000).ended;
    expect(await engine.closed()).toMatchObject({ code: 1000, tcp: "destroyed" });
    await engine.untilEmpty();
  });

  it.each([
    ["a FIN without a Close", (c) => void c.socket.end(), "fin", "close-without-frame"],
    [
      "a FIN inside a frame",
      (c) => void c.write(clientFrame("cut").subarray(0, 7)).socket.end(),
      "fin",
      "stream-truncated-frame",
    ],
    ["a reset", (c) => c.reset(), "reset", "tcp-reset"],
  ] satisfies readonly [string, (client: Awaited<ReturnType<typeof openWire>>) => void, string, string][])(
    "by %s is 1006 with its name",
    async (_, end, tcp, name) => {
      const engine = await startEngine();
      const client = await openWire(engine.port);
      await engine.opened();
      end(client);
      expect(await engine.closed()).toMatchObject({ code: 1006, tcp, wasClean: false, initiator: "network" });
      expect(engine.names).toEqual([name]);
      await engine.untilEmpty();
    },
  );

  it("by terminate() is seen as a lost connection, without a Close", async () => {
    const engine = await startEngine();
    const client = await openWire(engine.port);
    (await engine.opened()).terminate();
    await expect(client.next()).rejects.toThrow("ended first");
    expect(await engine.closed()).toMatchObject({ code: 1006, initiator: "local", tcp: "destroyed" });
    expect(engine.names).toEqual([]);
  });
});

describe("an open handler that takes its time", () => {
  it("holds messages, and loses none to a client that is gone by then", async () => {
    const authenticated = createDeferred();
    const received: string[] = [];
    const engine = await startEngine({
      route: {
        open: () => authenticated.promise,
        message: (_, data) => void received.push(String(data)),
      },
    });
    const client = await openWire(engine.port);
    client.send("push").send("and quit").sendClose(1000).socket.end();
    await (await engine.opened()).ready();
    expect(received).toEqual([]);
    authenticated.resolve();
    expect(await engine.closed()).toMatchObject({ code: 1000, wasClean: true });
    expect(received).toEqual(["push", "and quit"]);
  });
});

describe("the rate of reading", () => {
  it.each([
    ["messages", { maxMessagesPerSecond: 100 }],
    ["bytes", { maxBytesPerSecond: 2000 }],
  ])("in %s slows a flood down and loses nothing", async (_, settings) => {
    const engine = await startEngine({ ...settings, route: { message: (c, data) => void c.send(data) } });
    const client = await openWire(engine.port);
    const count = 230;
    const startedAt = performance.now();
    client.write(
      Buffer.concat(Array.from({ length: count }, (_, at) => clientFrame(String(at).padStart(14)))),
    );
    for (let at = 0; at < count; at += 1) expect(await client.next()).toBe(`text ${String(at).padStart(14)}`);
    // The burst of two seconds is free; what is beyond it has to wait.
    expect(performance.now() - startedAt).toBeGreaterThan(250);
    expect(engine.names).toEqual([]);
  });
});

describe("ping()", () => {
  it("tells the round-trip time of a peer that answers, and rejects when the connection ends", async () => {
    const engine = await startEngine();
    const client = await openWire(engine.port);
    const connection = await engine.opened();
    const trip = connection.ping();
    const { opcode, payload } = await client.frame();
    expect([opcode, payload.length]).toEqual([9, 8]);
    client.send(payload, { opcode: 10 });
    const milliseconds = await trip;
    expect(milliseconds).toBeGreaterThan(0);
    expect(connection.roundTrip).toEqual({
      lastMs: milliseconds,
      smoothedMs: milliseconds,
      leastMs: milliseconds,
    });
    const lost = connection.ping();
    client.reset();
    await expect(lost).rejects.toMatchObject({ code: "tcp-reset" });
  });
});

describe("figures", () => {
  it("count the bytes of frames, both ways, and not of the handshake", async () => {
    const engine = await startEngine({ route: { message: (c, data) => void c.send(data) } });
    const client = await openWire(engine.port);
    await client.send("12345").next();
    const connection = await engine.opened();
    expect([connection.bytesReceived, connection.bytesSent]).toEqual([11, 7]);
    await client.sendClose(1000).ended;
    client.socket.end();
    expect(await engine.closed()).toMatchObject({ bytesReceived: 11 + 8, bytesSent: 7 + 4 });
  });
});

describe("what is glued together", () => {
  it("a request, its frames and a Close in one segment are served in order in compat", async () => {
    const engine = await startEngine({
      strictness: "compat",
      route: { message: (c, data) => void c.send(data) },
    });
    const client = await request(
      engine.port,
      Buffer.concat([
        Buffer.from(upgradeRequest()),
        clientFrame("a"),
        clientFrame("b"),
        clientFrame("", { opcode: 8 }),
      ]),
    );
    expect(await client.head()).toContain("101");
    expect([await client.next(), await client.next(), await client.next()]).toEqual([
      "text a",
      "text b",
      "close",
    ]);
  });
});
