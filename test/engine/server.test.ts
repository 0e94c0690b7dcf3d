/** The server around its connections: admission, routes, HTTP servers it is attached to, TLS, registry, and shutdown. */
import { createServer } from "node:http";
import { connect as connectTls } from "node:tls";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { FailureError, WebSocketServer } from "../../packages/websocket/src/index.ts";
import { createDeferred } from "../support/deferred.ts";
import { createEngine, startEngine } from "../support/engine.ts";
import { createCertificate, hasOpenssl } from "../support/tls-certificates.ts";
import { dial, openWire, request, upgradeRequest, WireClient } from "../support/wire-client.ts";

describe("admission", () => {
  it("counts pending handshakes and open connections against the server's limit", async () => {
    const decided = createDeferred();
    const engine = await startEngine({ maxConnections: 2, route: { upgrade: () => decided.promise } });
    const first = await request(engine.port, upgradeRequest());
    const second = await request(engine.port, upgradeRequest());
    await engine.until(() => engine.server.held.handshakes === 2);
    const third = await request(engine.port, upgradeRequest());
    expect(await third.answer()).toMatch(
      /^HTTP\/1\.1 503 [^]*Retry-After: \d+\r\n[^]*\nhandshake-server-full\n/,
    );
    decided.resolve();
    expect(await first.head()).toContain("101");
    expect(await second.head()).toContain("101");
    expect(await (await request(engine.port, upgradeRequest())).answer()).toMatch(/ 503 /);
    first.sendClose(1000).socket.end();
    await engine.closed();
    await openWire(engine.port);
  });

  it("counts each address apart, with 429", async () => {
    const engine = await startEngine({ maxConnectionsPerIp: 1, trustedProxies: ["127.0.0.1"] });
    const from = (ip: string): Record<string, string> => ({ "X-Forwarded-For": ip });
    const first = await openWire(engine.port, "/", from("1.1.1.1"));
    await openWire(engine.port, "/", from("2.2.2.2"));
    const refused = await request(engine.port, upgradeRequest("/", from("1.1.1.1")));
    expect(await refused.answer()).toMatch(
      /^HTTP\/1\.1 429 [^]*Retry-After: \d+\r\n[^]*\nhandshake-ip-limit\n/,
    );
    expect(engine.server.held.addresses).toBe(2);
    first.reset();
    await engine.until(() => engine.server.held.addresses === 1);
    await openWire(engine.port, "/", from("1.1.1.1"));
  });

  it("does not count an address twice that is refused by the hook", async () => {
    const engine = await startEngine({
      maxConnectionsPerIp: 3,
      route: { upgrade: (context) => context.reject(403) },
    });
    for (let i = 0; i < 10; i += 1) {
      const client = await request(engine.port, upgradeRequest());
      expect(await client.answer()).toMatch(/ 403 /);
      client.socket.end();
      await engine.untilEmpty();
    }
  });

  it("demands TLS by the socket or by the word of a trusted proxy", async () => {
    const engine = await startEngine({ requireTls: true, trustedProxies: ["127.0.0.1"] });
    expect(await (await request(engine.port, upgradeRequest())).answer()).toContain("tls-required");
    await openWire(engine.port, "/", { "X-Forwarded-Proto": "https" });
  });
});

describe("routes", () => {
  it("are tried in order; the first that matches serves", async () => {
    const engine = await startEngine({ path: "/first", route: { open: (c) => void c.send("first") } });
    engine.server
      .route("/:name", { open: (c) => void c.send("named") })
      .route(/^\/(?<id>\d+)\/x$/, { open: (c) => void c.send("numbered") });
    const served = [];
    for (const path of ["/first", "/FIRST", "/42/x", "/first/"]) {
      served.push(await (await openWire(engine.port, path)).next());
    }
    expect(served).toEqual(["text first", "text named", "text numbered", "text first"]);
    expect(await (await request(engine.port, upgradeRequest("/a/b/c"))).answer()).toContain("/a/b/c");
  });

  it("have settings of their own over those of the server", async () => {
    const engine = await startEngine({ maxMessageBytes: 10, path: "/small" });
    engine.server.route("/large", {
      maxMessageBytes: 100,
      message: (c, data) => void c.send(String(data.length)),
    });
    expect(await (await openWire(engine.port, "/small")).send("x".repeat(11)).next()).toContain("close 1009");
    expect(await (await openWire(engine.port, "/large")).send("x".repeat(100)).next()).toBe("text 100");
  });

  it("throw for what can never match", () => {
    expect(() => new WebSocketServer().route("chat", {})).toThrow(TypeError);
    expect(() => new WebSocketServer().route("/", { origins: ["not an origin"] })).toThrow(TypeError);
  });
});

describe("attached to an HTTP server", () => {
  it("serves upgrades beside the server's own requests", async () => {
    const { server, ...engine } = createEngine({ path: "/ws", route: { message: (c, d) => void c.send(d) } });
    void engine;
    const http = createServer((_, response) => response.end("plain"));
    server.attach(http);
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void http.close());
    const { port } = http.address() as AddressInfo;
    const client = await openWire(port, "/ws");
    expect(await client.send("hi").next()).toBe("text hi");
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("plain");
    const shutdown = server.shutdown({ drainWindowMs: 0 });
    expect(await client.next()).toBe("close 1012 restart");
    client.sendClose(1012).socket.end();
    expect(await shutdown).toMatchObject({ clean: 1, forced: 0 });
    expect(http.listening).toBe(true);
  });

  it("throws where another handler would write into the same sockets", () => {
    const http = createServer();
    new WebSocketServer().attach(http);
    expect(() => new WebSocketServer().attach(http)).toThrow(
      expect.objectContaining({ code: "upgrade-handled-twice" }) as FailureError,
    );
    const other = createServer().on("upgrade", () => {});
    expect(() => new WebSocketServer().attach(other)).toThrow(FailureError);
  });

  it("leaves errors of requests to whoever handles them already", () => {
    const http = createServer().on("clientError", () => {});
    new WebSocketServer().attach(http);
    expect(http.listenerCount("clientError")).toBe(1);
  });
});

describe("listening", () => {
  it("rejects with Node's error for a port in use, and can be tried again", async () => {
    const { port } = await startEngine();
    const server = new WebSocketServer().route("*", {});
    await expect(server.listen({ port })).rejects.toMatchObject({ code: "EADDRINUSE" });
    const again = await server.listen();
    expect(again.port).toBeGreaterThan(0);
    await expect(server.listen()).rejects.toThrow(TypeError);
    await server.shutdown({ drainWindowMs: 0 });
  });

  it("cannot change a certificate without TLS", async () => {
    const { server } = await startEngine();
    expect(() => server.updateCertificate({})).toThrow(TypeError);
  });
});

describe.skipIf(!hasOpenssl)("listening with TLS (skipped without openssl)", () => {
  const subjectOf = (client: WireClient): unknown =>
    (client.socket as ReturnType<typeof connectTls>).getPeerCertificate().subject.CN;

  it("changes the certificate for new connections and drops none", async () => {
    const [first, second] = [createCertificate("first.test"), createCertificate("second.test")];
    const engine = await startEngine({
      listen: { tls: { ...first, minVersion: "TLSv1.3" } },
      route: { message: (connection, data) => void connection.send(data) },
    });
    const open = async (): Promise<WireClient> => {
      const client = await dial(engine.port, { tls: true });
      client.write(upgradeRequest());
      expect(await client.head()).toContain("101");
      return client;
    };
    const before = await open();
    engine.server.updateCertificate(second);
    const after = await open();
    expect([subjectOf(before), subjectOf(after)]).toEqual(["first.test", "second.test"]);
    expect(await before.send("still here").next()).toBe("text still here");
    expect(await after.send("x".repeat(100_000)).next()).toBe(`text ${"x".repeat(100_000)}`);
    // What was asked for beside the certificate stays in force.
    const old = connectTls({
      port: engine.port,
      host: "127.0.0.1",
      rejectUnauthorized: false,
      maxVersion: "TLSv1.2",
    });
    await new Promise((resolve) => old.once("error", resolve));
    expect(await engine.failed()).toMatchObject({ name: "tls-version-or-cipher" });
    expect(() => engine.server.updateCertificate({ cert: "no certificate", key: "no key" })).toThrow();
    await before.sendClose(1000).ended;
    expect(await engine.closed()).toMatchObject({ code: 1000 });
  });

  it("tells its requests as secure, and names plain HTTP on the port", async () => {
    let isSecure: boolean | undefined;
    const engine = await startEngine({
      requireTls: true,
      listen: { tls: createCertificate("x.test") },
      route: { upgrade: ({ request: { isSecure: value } }) => void (isSecure = value) },
    });
    const client = await dial(engine.port, { tls: true });
    expect(await client.write(upgradeRequest()).head()).toContain("101");
    expect(isSecure).toBe(true);
    const plain = await request(engine.port, upgradeRequest());
    await Promise.race([plain.ended, plain.closed]);
    expect(await engine.failed()).toMatchObject({ name: "plain-http-sent-to-tls-port" });
  });

  it("cuts off whoever does not set up TLS in time", async () => {
    const engine = await startEngine({
      listen: { tls: createCertificate("x.test"), handshakeTimeoutMs: 50 },
    });
    const silent = await dial(engine.port);
    await Promise.race([silent.ended, silent.closed]);
    expect(await engine.failed()).toMatchObject({
      name: "tls-handshake-timeout",
      evidence: { timeoutMs: 50 },
      faults: ["client", "network"],
    });
  });
});

describe("the registry", () => {
  it("finds connections by id, tag, address and path, and forgets them when they end", async () => {
    const engine = await startEngine({ trustedProxies: ["127.0.0.1"] });
    const { server } = engine;
    const clients: WireClient[] = [];
    for (const ip of ["1.1.1.1", "2.2.2.2", "2.2.2.2"]) {
      clients.push(await openWire(engine.port, ip === "1.1.1.1" ? "/a" : "/b", { "X-Forwarded-For": ip }));
    }
    const [a, b, c] = [await engine.opened(0), await engine.opened(1), await engine.opened(2)];
    expect([server.size, server.get(b.id) === b, server.get("stranger")]).toEqual([3, true, undefined]);
    expect(new Set([a.id, b.id, c.id]).size).toBe(3);
    expect(server.tag(a.id, "user:7") && server.tag(c.id, "user:7") && server.tag(c.id, "admin")).toBe(true);
    expect(server.connections({ tag: "user:7" })).toEqual([a, c]);
    expect(server.connections({ tag: "user:7", ip: "2.2.2.2" })).toEqual([c]);
    expect(server.connections({ path: "/b" })).toEqual([b, c]);
    expect(server.connections({ silentForMs: 60_000 })).toEqual([]);
    expect(server.connections({ silentForMs: 0 })).toHaveLength(3);
    expect(server.tags(c.id)).toEqual(["user:7", "admin"]);
    server.untag(c.id, "user:7");
    server.untag("stranger", "user:7");
    expect(server.connections({ tag: "user:7" })).toEqual([a]);
    expect(server.send(b.id, "direct")).toBe("sent");
    expect(await clients[1]!.next()).toBe("text direct");
    clients[0]!.reset();
    await engine.closed();
    expect([server.get(a.id), server.tag(a.id, "x"), server.tags(a.id)]).toEqual([undefined, false, []]);
    expect([server.connections({ tag: "user:7" }), server.send(a.id, "x")]).toEqual([[], "unknown"]);
  });

  it("gives pages that survive joins and leaves", async () => {
    const engine = await startEngine();
    const { server } = engine;
    const clients = [];
    for (let i = 0; i < 7; i += 1) clients.push(await openWire(engine.port));
    const first = server.page(3);
    expect(first.connections).toEqual([
      await engine.opened(0),
      await engine.opened(1),
      await engine.opened(2),
    ]);
    clients[2]!.reset();
    await engine.closed();
    await openWire(engine.port);
    const second = server.page(3, first.cursor);
    const third = server.page(3, second.cursor);
    expect(second.connections).toEqual([
      await engine.opened(3),
      await engine.opened(4),
      await engine.opened(5),
    ]);
    expect(third).toEqual({
      connections: [await engine.opened(6), await engine.opened(7)],
      cursor: undefined,
    });
    expect(() => server.page(0)).toThrow(RangeError);
  });
});

describe("topics by name", () => {
  it("reach all subscribers but the excluded one, are told how many, and go with the last", async () => {
    const engine = await startEngine();
    const { topics } = engine.server;
    const clients = [await openWire(engine.port), await openWire(engine.port), await openWire(engine.port)];
    const connections = [await engine.opened(0), await engine.opened(1), await engine.opened(2)];
    for (const connection of connections) topics.subscribe(connection, "news");
    topics.subscribe(connections[0]!, "news");
    expect([topics.names, topics.count("news"), topics.count("none")]).toEqual([["news"], 3, 0]);
    expect(topics.publish("news", "to all")).toBe(3);
    expect(topics.publish("news", "to two", connections[1])).toBe(2);
    expect(topics.publish("none", "x")).toBe(0);
    expect(await clients[0]!.next()).toBe("text to all");
    expect(await clients[0]!.next()).toBe("text to two");
    connections[1]!.send("direct");
    expect([await clients[1]!.next(), await clients[1]!.next()]).toEqual(["text to all", "text direct"]);
    topics.unsubscribe(connections[0]!, "news");
    for (const client of clients) client.reset();
    await engine.untilEmpty();
    expect(topics.names).toEqual([]);
    topics.subscribe(connections[0]!, "news");
    expect(topics.names).toEqual([]);
  });
});

describe("shutdown", () => {
  it("closes everyone politely, refuses newcomers, and frees the port", async () => {
    const engine = await startEngine();
    const client = await openWire(engine.port);
    const shutdown = engine.server.shutdown({ drainWindowMs: 0, code: 1001, reason: "bye" });
    expect(await client.next()).toBe("close 1001 bye");
    await expect(dial(engine.port)).rejects.toMatchObject({ code: "ECONNREFUSED" });
    client.sendClose(1001).socket.end();
    expect(await shutdown).toMatchObject({ clean: 1, forced: 0, handshakesAborted: 0 });
    expect(engine.server.held).toEqual({ connections: 0, handshakes: 0, deadlines: 0, addresses: 0 });
    const next = new WebSocketServer();
    await next.listen({ port: engine.port });
    await next.shutdown();
  });

  it("tells 503 on connections that were there before", async () => {
    const engine = await startEngine();
    const early = await dial(engine.port);
    // Half a request keeps the connection busy, so that it is not taken for an idle one.
    early.write("GET / HTTP/1.1\r\n");
    const open = await openWire(engine.port);
    const shutdown = engine.server.shutdown({ drainWindowMs: 0 });
    early.write(upgradeRequest().slice("GET / HTTP/1.1\r\n".length));
    expect(await early.answer()).toMatch(
      /^HTTP\/1\.1 503 [^]*Retry-After: \d+\r\n[^]*\nhandshake-server-draining\n/,
    );
    early.socket.end();
    open.sendClose(1012).socket.end();
    await shutdown;
  });

  it("aborts handshakes whose hook has not decided", async () => {
    const aborted = createDeferred<string>();
    const engine = await startEngine({
      route: {
        async upgrade({ signal }) {
          await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
          aborted.resolve((signal.reason as FailureError).code);
        },
      },
    });
    const client = await request(engine.port, upgradeRequest());
    await engine.until(() => engine.server.held.handshakes === 1);
    const shutdown = engine.server.shutdown({ drainWindowMs: 0 });
    expect(await client.answer()).toMatch(/^HTTP\/1\.1 503 [^]*\nhandshake-server-draining\n/);
    client.socket.end();
    expect(await aborted.promise).toBe("handshake-server-draining");
    expect(await shutdown).toMatchObject({ clean: 0, forced: 0, handshakesAborted: 1 });
    expect(engine.names).toEqual(["handshake-server-draining"]);
    await engine.untilEmpty();
  });

  it("cuts off at the deadline whoever does not answer, after their close handlers have run", async () => {
    const engine = await startEngine();
    const [silent, polite] = [await openWire(engine.port), await openWire(engine.port)];
    const shutdown = engine.server.shutdown({ drainWindowMs: 0, deadlineMs: 80 });
    await polite.next();
    polite.sendClose(1012).socket.end();
    expect(await shutdown).toMatchObject({ clean: 1, forced: 1 });
    expect(engine.names).toEqual(["shutdown-forced"]);
    expect(engine.closeReports).toHaveLength(2);
    expect(engine.server.held).toEqual({ connections: 0, handshakes: 0, deadlines: 0, addresses: 0 });
    expect(await silent.next()).toBe("close 1012 restart");
  });

  it("does not let the drain window outlast the deadline", async () => {
    const engine = await startEngine();
    const clients = [];
    for (let i = 0; i < 5; i += 1) clients.push(await openWire(engine.port));
    const result = await engine.server.shutdown({ drainWindowMs: 60_000, deadlineMs: 100 });
    expect(result).toMatchObject({ clean: 0, forced: 5 });
    expect(result.durationMs).toBeLessThan(1000);
  });

  it("skips all waiting when its signal aborts", async () => {
    const engine = await startEngine();
    await openWire(engine.port);
    await openWire(engine.port);
    const now = new AbortController();
    const shutdown = engine.server.shutdown({ signal: now.signal });
    now.abort();
    expect(await shutdown).toMatchObject({ forced: 2 });
  });

  it("spreads the Close frames over the window, and the first goes at once", async () => {
    const engine = await startEngine();
    const clients = [];
    for (let i = 0; i < 10; i += 1) clients.push(await openWire(engine.port));
    const startedAt = performance.now();
    const times: number[] = [];
    const shutdown = engine.server.shutdown({ drainWindowMs: 300 });
    await Promise.all(
      clients.map(async (client) => {
        await client.next();
        times.push(performance.now() - startedAt);
        client.sendClose(1012).socket.end();
      }),
    );
    await shutdown;
    times.sort((a, b) => a - b);
    expect(times[0]).toBeLessThan(100);
    expect(times.at(-1)! - times[0]!).toBeGreaterThan(150);
  });

  it("lets the application say goodbye in its own protocol, also to newcomers", async () => {
    const engine = await startEngine({
      route: { open: (c) => void (isLeaving && c.close(4200, "other node")) },
    });
    let isLeaving = false;
    const client = await openWire(engine.port);
    isLeaving = true;
    const shutdown = engine.server.shutdown({
      drainWindowMs: 0,
      keepAccepting: true,
      closeConnection: (connection) => connection.close(4200, "other node"),
    });
    expect(await client.next()).toBe("close 4200 other node");
    const newcomer = await openWire(engine.port);
    expect(await newcomer.next()).toBe("close 4200 other node");
    for (const each of [client, newcomer]) each.sendClose(4200).socket.end();
    expect(await shutdown).toMatchObject({ clean: 1, forced: 0 });
    await expect(dial(engine.port)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  it("of a server that nobody uses is immediate, and harmless twice", async () => {
    const engine = await startEngine();
    const result = await engine.server.shutdown();
    expect(result).toMatchObject({ clean: 0, forced: 0, handshakesAborted: 0 });
    expect(result.durationMs).toBeLessThan(1000);
    await engine.server.shutdown();
  });
});
