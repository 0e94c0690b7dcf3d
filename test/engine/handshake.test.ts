/** The server's side of the opening handshake as it is seen on the wire: answers, hooks, and clients that misbehave. */
import type { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { engineFailures, FailureError, type UpgradeContext } from "../../packages/websocket/src/index.ts";
import { createDeferred } from "../support/deferred.ts";
import { startEngine } from "../support/engine.ts";
import { settle } from "../support/fake-socket.ts";
import {
  clientFrame,
  dial,
  openWire,
  request,
  sampleAccept,
  upgradeRequest,
} from "../support/wire-client.ts";

const lines = (...texts: readonly string[]): string => texts.join("\r\n");

describe("the 101 (RFC 6455 §4.2.2)", () => {
  it("is exactly this", async () => {
    const { port } = await startEngine();
    const client = await request(port, upgradeRequest());
    expect(await client.head()).toBe(
      lines(
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        `Sec-WebSocket-Accept: ${sampleAccept}`,
        "",
        "",
      ),
    );
  });

  it("takes what clients and proxies really send", async () => {
    const { port } = await startEngine();
    const headers = { Connection: "keep-alive, Upgrade", Upgrade: "WebSocket", Origin: "null" };
    const client = await openWire(port, "/some%20path?x=1", headers);
    await client.send("x").sendClose(1000).ended;
  });

  it("carries subprotocol, headers and cookies of the hook, and comes before all that open sends", async () => {
    const { port } = await startEngine({
      route: {
        upgrade: (context) =>
          context.accept({
            subprotocol: "chat.v2",
            headers: [
              ["Set-Cookie", "a=1"],
              ["Set-Cookie", "b=2"],
            ],
          }),
        open: (connection) => void connection.send("welcome"),
      },
    });
    const client = await request(port, upgradeRequest("/", { "Sec-WebSocket-Protocol": "chat.v1, chat.v2" }));
    expect(await client.head()).toBe(
      lines(
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        `Sec-WebSocket-Accept: ${sampleAccept}`,
        "Sec-WebSocket-Protocol: chat.v2",
        "Set-Cookie: a=1",
        "Set-Cookie: b=2",
        "",
        "",
      ),
    );
    expect(await client.next()).toBe("text welcome");
  });

  it("answers on a connection that has served plain HTTP before", async () => {
    const { port } = await startEngine({
      path: "/ws",
      listen: { onRequest: (_, response) => response.end("plain") },
    });
    const client = await request(port, "GET /plain HTTP/1.1\r\nHost: x\r\n\r\n");
    expect(await client.head()).toContain("200 OK");
    client.write(upgradeRequest("/ws"));
    expect(await client.head()).toContain("101 Switching Protocols");
    expect(await client.send("x", { opcode: 9 }).next()).toBe("pong x");
  });

  it("is right also when the request comes byte by byte", async () => {
    const { port } = await startEngine({ route: { message: (c, data) => void c.send(data) } });
    const client = await dial(port);
    for (const byte of Buffer.from(upgradeRequest())) client.write(Buffer.from([byte]));
    expect(await client.head()).toContain("101");
    for (const byte of clientFrame("hello")) client.write(Buffer.from([byte]));
    expect(await client.next()).toBe("text hello");
  });
});

describe("refusals", () => {
  it("say the name first and the fix second, and end the connection", async () => {
    const engine = await startEngine();
    const client = await request(engine.port, upgradeRequest("/", { "Sec-WebSocket-Version": "8" }));
    const answer = await client.answer();
    const [head = "", body = ""] = answer.split("\r\n\r\n");
    expect(head.split("\r\n")).toEqual([
      "HTTP/1.1 426 Upgrade Required",
      "Upgrade: websocket",
      "Connection: Upgrade, close",
      "Sec-WebSocket-Version: 13",
      `Content-Length: ${Buffer.byteLength(body)}`,
      "Content-Type: text/plain; charset=utf-8",
      "Cache-Control: no-store",
    ]);
    expect(body.split("\n").slice(0, 2)).toEqual([
      "handshake-version-unsupported",
      engineFailures.definitions["handshake-version-unsupported"].fix,
    ]);
    expect(engine.names).toEqual(["handshake-version-unsupported"]);
    client.socket.end();
    expect(await client.closed).toBe("fin");
  });

  it("are JSON for who prefers it", async () => {
    const { port } = await startEngine();
    const client = await request(port, upgradeRequest("/", { Upgrade: "h2c", Accept: "application/json" }));
    const [head = "", body = ""] = (await client.answer()).split("\r\n\r\n");
    expect(head).toContain("Content-Type: application/json");
    expect(JSON.parse(body)).toMatchObject({ failure: "handshake-upgrade-not-websocket" });
  });

  it.each([
    ["HTTP/1.0", upgradeRequest("/chat", {}, "GET /chat HTTP/1.0"), 426, "handshake-http-version-too-low"],
    [
      "HTTP/1.0 of a proxy",
      upgradeRequest("/chat", { Via: "1.0 x" }, "GET /chat HTTP/1.0"),
      426,
      "proxy-http10-upstream",
    ],
    ["POST", upgradeRequest("/chat", {}, "POST /chat HTTP/1.1"), 405, "handshake-method-not-get"],
    ["an unknown path", upgradeRequest("/other"), 404, "handshake-path-not-found"],
    [
      "an unknown path with POST",
      upgradeRequest("/other", {}, "POST /other HTTP/1.1"),
      404,
      "handshake-path-not-found",
    ],
    [
      "a body",
      upgradeRequest("/chat", { "Content-Length": "5" }) + "hello",
      400,
      "handshake-request-has-body",
    ],
    [
      "a chunked body",
      upgradeRequest("/chat", { "Transfer-Encoding": "chunked" }) + "1\r\nx\r\n0\r\n\r\n",
      400,
      "handshake-request-has-body",
    ],
    ["no Host", upgradeRequest("/chat", { Host: undefined }), 400, "handshake-host-missing"],
    ["two Hosts", upgradeRequest("/chat", { Host: "a\r\nHost: b" }), 400, "handshake-host-duplicated"],
    [
      "two keys",
      upgradeRequest("/chat", { "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==" }),
      400,
      "handshake-key-duplicated",
    ],
    ["a bad key", upgradeRequest("/chat", { "Sec-WebSocket-Key": "short" }), 400, "handshake-key-invalid"],
    [
      "no version",
      upgradeRequest("/chat", { "Sec-WebSocket-Version": undefined }),
      400,
      "handshake-version-missing",
    ],
    ["Upgrade: h2c", upgradeRequest("/chat", { Upgrade: "h2c" }), 426, "handshake-upgrade-not-websocket"],
    ["a long URL", upgradeRequest(`/chat?${"x".repeat(8200)}`), 414, "handshake-uri-too-long"],
    ["a very long URL", upgradeRequest(`/chat?${"x".repeat(60_000)}`), 414, "handshake-uri-too-long"],
    [
      "17 KiB of headers",
      upgradeRequest("/chat", { Cookie: "x".repeat(17_000) }),
      431,
      "handshake-headers-too-large",
    ],
    [
      "60 KiB of headers",
      upgradeRequest("/chat", { Cookie: "x".repeat(60_000) }),
      431,
      "handshake-headers-too-large",
    ],
    [
      "101 headers",
      upgradeRequest("/chat", Object.fromEntries(Array.from({ length: 96 }, (_, i) => [`X-${i}`, "1"]))),
      431,
      "handshake-too-many-headers",
    ],
    [
      "2,100 headers",
      upgradeRequest("/chat", Object.fromEntries(Array.from({ length: 2100 }, (_, i) => [`X${i}`, ""]))),
      431,
      "handshake-too-many-headers",
    ],
    [
      "a folded header",
      upgradeRequest("/chat", { "X-Folded": "a\r\n b" }),
      400,
      "handshake-obsolete-line-folding",
    ],
    ["a NUL in a header", upgradeRequest("/chat", { "X-Nul": "a\0b" }), 400, "handshake-illegal-header-byte"],
    ["a TLS hello", Buffer.from("16030100a5010000a103035f", "hex"), 400, "tls-sent-to-plain-port"],
    [
      "a PROXY preamble",
      "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\nGET / HTTP/1.1\r\n\r\n",
      400,
      "proxy-protocol-preamble",
    ],
    ["garbage", "\x01\x02garbage\r\n\r\n", 400, "handshake-malformed-http"],
  ])("%s", async (_, bytes, status, name) => {
    const engine = await startEngine({ path: "/chat" });
    const client = await request(engine.port, bytes);
    const answer = await client.answer();
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer.split("\r\n\r\n")[1]).toMatch(new RegExp(`^${name}\n`));
    expect(engine.names).toEqual([name]);
  });

  it("are taken once even if garbage goes on", async () => {
    const engine = await startEngine();
    const client = await request(engine.port, "garbage\r\n\r\n");
    client.write("more garbage\r\n\r\n".repeat(100));
    const answer = await client.answer();
    client.socket.end();
    await client.closed;
    expect(answer.match(/HTTP\/1\.1 \d/g)).toHaveLength(1);
    expect(engine.names).toEqual(["handshake-malformed-http"]);
  });

  it("reach a client that goes on sending", async () => {
    const engine = await startEngine({ path: "/chat" });
    const client = await request(engine.port, upgradeRequest("/other") + "x".repeat(300_000));
    expect(await client.answer()).toMatch(/^HTTP\/1\.1 404 /);
    client.socket.end();
    expect(await client.closed).toBe("fin");
  });

  it("cut a client off that does not go", async () => {
    const engine = await startEngine({ path: "/chat" });
    const client = await request(engine.port, upgradeRequest("/other"));
    await client.answer();
    // The client keeps its half open; the server waits for a second and no longer.
    client.socket.on("data", () => {});
    const startedAt = performance.now();
    const chatter = setInterval(() => client.write("x"), 50);
    await client.closed;
    clearInterval(chatter);
    expect(performance.now() - startedAt).toBeLessThan(3000);
  });

  it("answer a head that never ends with 408", async () => {
    const engine = await startEngine({ listen: { handshakeTimeoutMs: 100 } });
    const client = await request(engine.port, "GET / HTTP/1.1\r\nHost: x\r\n");
    expect(await client.answer()).toMatch(
      /^HTTP\/1\.1 408 Request Timeout\r\n[^]*\nhandshake-request-timeout\n/,
    );
    expect(engine.names).toEqual(["handshake-request-timeout"]);
  });
});

describe("plain requests on a WebSocket path", () => {
  const plain = (text: string): string => `${text}\r\nHost: x\r\n\r\n`;

  it.each([
    ["a browser tab", plain("GET /chat HTTP/1.1"), 426, "handshake-not-an-upgrade"],
    [
      "an upgrade that a proxy stripped",
      upgradeRequest("/chat", { Upgrade: undefined, Connection: "close" }),
      426,
      "proxy-stripped-upgrade",
    ],
    [
      "an upgrade whose Connection header a proxy rewrote",
      upgradeRequest("/chat", { Connection: "keep-alive" }),
      400,
      "handshake-connection-token-missing",
    ],
    ["a POST", plain("POST /chat HTTP/1.1"), 405, "handshake-method-not-get"],
  ])("%s is told what is missing, and counted", async (_, text, status, name) => {
    const engine = await startEngine({ path: "/chat" });
    const client = await request(engine.port, text);
    const answer = await client.answer();
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).toContain(`\r\n\r\n${name}\n`);
    expect(engine.names).toEqual([name]);
  });

  it("gets no body in answer to HEAD", async () => {
    const engine = await startEngine({ path: "/chat" });
    const answer = await (await request(engine.port, plain("HEAD /chat HTTP/1.1"))).answer();
    expect(answer).toMatch(/^HTTP\/1\.1 405 [^]*\r\n\r\n$/);
    expect(answer).toMatch(/Content-Length: [1-9]/);
  });

  it("elsewhere is 404, and no failure of a handshake", async () => {
    const engine = await startEngine({ path: "/chat" });
    const answer = await (await request(engine.port, plain("GET /favicon.ico HTTP/1.1"))).answer();
    expect(answer).toMatch(/^HTTP\/1\.1 404 /);
    expect(engine.names).toEqual([]);
  });

  it("is answered once if many are sent together", async () => {
    const engine = await startEngine({ path: "/chat" });
    const client = await request(engine.port, plain("GET /chat HTTP/1.1").repeat(20));
    expect((await client.answer()).match(/HTTP\/1\.1 \d/g)).toHaveLength(1);
    expect(engine.names).toEqual(["handshake-not-an-upgrade"]);
  });

  it("is answered even if its body is never read", async () => {
    const engine = await startEngine({ path: "/chat" });
    const body = "x".repeat(500_000);
    const head = `POST /chat HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n`;
    const client = await request(engine.port, head + body);
    expect(await client.answer()).toMatch(/^HTTP\/1\.1 405 /);
    client.socket.end();
    expect(await client.closed).toBe("fin");
  });
});

describe("the handshake hook", () => {
  async function answerOf(upgrade: (context: UpgradeContext) => void | Promise<void>, headers = {}) {
    const engine = await startEngine({ route: { upgrade } });
    const client = await request(engine.port, upgradeRequest("/", headers));
    const head = await client.head();
    return { engine, client, head, status: Number(head.split(" ")[1]) };
  }

  const throwing = (): never => {
    throw new Error("secret detail");
  };

  it.each([
    ["accepts by saying nothing", () => {}, 101, []],
    ["accepts by a promise of nothing", () => Promise.resolve(), 101, []],
    ["refuses with a status", (c) => c.reject(409), 409, ["handshake-hook-rejected"]],
    ["refuses with 403", (c) => c.reject(403), 403, ["handshake-forbidden"]],
    ["asks for credentials", (c) => c.unauthorized("Bearer"), 401, ["handshake-unauthenticated"]],
    ["sends elsewhere", (c) => c.redirect("/there"), 307, ["handshake-hook-rejected"]],
    ["throws", throwing, 500, ["handshake-hook-threw"]],
    ["rejects", async () => throwing(), 500, ["handshake-hook-threw"]],
    [
      "rejects with a status that refuses nothing",
      (c) => c.reject(200),
      500,
      ["handshake-hook-rejected-without-status"],
    ],
    ["decides twice", (c) => (c.accept(), c.reject(403)), 500, ["handshake-hook-decided-twice"]],
    [
      "sets a reserved header",
      (c) => c.accept({ headers: [["Sec-WebSocket-Accept", "x"]] }),
      500,
      ["handshake-hook-illegal-header"],
    ],
    [
      "breaks out of a header line",
      (c) => c.accept({ headers: [["X", "a\r\nY: b"]] }),
      500,
      ["handshake-hook-illegal-header"],
    ],
    [
      "breaks out of a refusal's header",
      (c) => c.reject(403, { headers: [["X", "a\nb"]] }),
      500,
      ["handshake-hook-illegal-header"],
    ],
    ["breaks out of the challenge", (c) => c.unauthorized("a\r\nb"), 500, ["handshake-hook-illegal-header"]],
    ["breaks out of the location", (c) => c.redirect("/\r\nX: y"), 500, ["handshake-hook-illegal-header"]],
    [
      "chooses a subprotocol that was not offered",
      (c) => c.accept({ subprotocol: "evil" }),
      500,
      ["handshake-hook-unoffered-subprotocol"],
    ],
    [
      "refuses with a failure of its own",
      (c) =>
        c.reject(429, {
          failure: engineFailures.create("handshake-ip-limit", { limit: 1, retryAfterSeconds: 3 }),
        }),
      429,
      ["handshake-ip-limit"],
    ],
    [
      "throws a failure of its own",
      () => {
        throw new FailureError(engineFailures.create("tls-required"));
      },
      403,
      ["tls-required"],
    ],
  ] satisfies readonly [string, (context: UpgradeContext) => void | Promise<void>, number, string[]][])(
    "%s",
    async (_, upgrade, status, names) => {
      const { engine, client, ...answer } = await answerOf(upgrade);
      expect(answer.status).toBe(status);
      expect(engine.names).toEqual(names);
      if (status === 101) return;
      await client.ended;
      expect(client.unread.toString()).not.toContain("secret");
      client.socket.end();
      await client.closed;
      await engine.untilEmpty();
    },
  );

  it("hands the cause of its exception to the log only", async () => {
    const { engine } = await answerOf(throwing);
    expect(engine.failures[0]?.context.cause).toMatchObject({ message: "secret detail" });
  });

  it("writes the headers that its refusal needs", async () => {
    const unauthorized = await answerOf((context) =>
      context.unauthorized('Basic realm="x"', { body: "who?" }),
    );
    expect(unauthorized.head).toContain('WWW-Authenticate: Basic realm="x"\r\n');
    await unauthorized.client.ended;
    expect(unauthorized.client.unread.toString()).toBe("who?");
    expect((await answerOf((context) => context.redirect("/there"))).head).toContain("Location: /there\r\n");
  });

  it("sees what the engine has read from the request", async () => {
    let seen: unknown;
    const engine = await startEngine({
      path: "/room/:id",
      trustedProxies: ["127.0.0.1"],
      route: {
        upgrade({ request, offered }) {
          const { path, query, parameters, ip, isSecure, origin, host } = request;
          const agent = request.header("user-agent");
          seen = { path, query, parameters: { ...parameters }, ip, isSecure, origin, host, agent, offered };
        },
      },
    });
    await openWire(engine.port, "/room/a%20b?x=%20y", {
      Host: "Example.org:80",
      Origin: "HTTPS://Example.org:443",
      "User-Agent": "wire",
      "X-Forwarded-For": "1.2.3.4",
      "X-Forwarded-Proto": "https",
      "Sec-WebSocket-Protocol": "a, b",
    });
    expect(seen).toMatchObject({
      path: "/room/a b",
      query: "x=%20y",
      parameters: { id: "a b" },
      ip: "1.2.3.4",
      isSecure: true,
      origin: "https://example.org",
      agent: "wire",
      offered: ["a", "b"],
    });
  });

  it("gives data and settings to the connection", async () => {
    const settings = { maxMessageBytes: 3 };
    const engine = await startEngine<{ user: string }>({
      route: {
        upgrade: (context) => context.accept({ data: { user: "ada" }, settings }),
        message: (connection) => void connection.send(connection.data.user),
      },
    });
    const client = await openWire(engine.port);
    expect(await client.send("abc").next()).toBe("text ada");
    expect(await client.send("abcd").next()).toBe("close 1009 message-too-large");
  });

  it("is not blamed on the client if the route cannot make its data", async () => {
    const engine = await startEngine({ route: { data: throwing } });
    const client = await request(engine.port, upgradeRequest());
    expect(await client.answer()).toMatch(/^HTTP\/1\.1 500 /);
    expect(engine.names).toEqual(["handshake-hook-threw"]);
  });

  it("is not needed for a function that judges origins to answer 500 when it throws", async () => {
    const engine = await startEngine({ origins: throwing });
    const client = await request(engine.port, upgradeRequest("/", { Origin: "http://x" }));
    expect(await client.answer()).toMatch(/^HTTP\/1\.1 500 /);
    expect(engine.names).toEqual(["handshake-hook-threw"]);
  });

  it("gets 503 and its signal aborted when it takes too long, and cannot decide afterwards", async () => {
    const finished = createDeferred<string>();
    const engine = await startEngine({
      upgradeTimeoutMs: 30,
      route: {
        async upgrade(context) {
          const aborted = createDeferred();
          context.signal.addEventListener("abort", () => aborted.resolve());
          await aborted.promise;
          context.accept();
          finished.resolve((context.signal.reason as FailureError).code);
          throw new Error("too late");
        },
      },
    });
    const client = await request(engine.port, upgradeRequest());
    expect(await client.answer()).toMatch(
      /^HTTP\/1\.1 503 [^]*Retry-After: \d+\r\n[^]*\r\n\r\nhandshake-hook-timeout\n/,
    );
    expect(await finished.promise).toBe("handshake-hook-timeout");
    await engine.until(() => engine.names.length === 2);
    expect(engine.names).toEqual(["handshake-hook-timeout", "handshake-hook-threw"]);
    expect(engine.server.held.handshakes).toBe(0);
  });

  it("does not report a hook that throws because its signal aborted it", async () => {
    const engine = await startEngine({
      upgradeTimeoutMs: 30,
      route: {
        upgrade: ({ signal }) =>
          new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error))),
      },
    });
    const client = await request(engine.port, upgradeRequest());
    expect(await client.answer()).toMatch(/^HTTP\/1\.1 503 /);
    expect(engine.names).toEqual(["handshake-hook-timeout"]);
  });

  it.each([
    ["resets", (client: Awaited<ReturnType<typeof dial>>) => client.reset()],
    ["ends its half", (client: Awaited<ReturnType<typeof dial>>) => void client.socket.end()],
  ])("hears of a client that %s while it decides", async (_, leave) => {
    const aborted = createDeferred<string>();
    const called = createDeferred();
    const engine = await startEngine({
      route: {
        async upgrade({ signal }) {
          called.resolve();
          await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
          aborted.resolve((signal.reason as FailureError).code);
        },
      },
    });
    const client = await request(engine.port, upgradeRequest());
    await called.promise;
    leave(client);
    expect(await aborted.promise).toBe("handshake-client-gone");
    await engine.untilEmpty();
    expect(engine.names).toEqual(["handshake-client-gone"]);
    expect(client.unread.toString()).toBe("");
  });
});

describe("early data", () => {
  const slow = () => {
    const decided = createDeferred();
    return { decided, upgrade: () => decided.promise };
  };

  it("is refused in strict, without asking the hook", async () => {
    let calls = 0;
    const engine = await startEngine({ route: { upgrade: () => void (calls += 1) } });
    const client = await request(
      engine.port,
      Buffer.concat([Buffer.from(upgradeRequest()), clientFrame("x")]),
    );
    expect(await client.answer()).toMatch(
      /^HTTP\/1\.1 400 [^]*\nhandshake-early-data\n|handshake-early-data/,
    );
    expect([calls, engine.names]).toEqual([0, ["handshake-early-data"]]);
  });

  it("is refused in strict also when it comes while the hook decides, and the refusal arrives", async () => {
    const { decided, upgrade } = slow();
    const called = createDeferred();
    const engine = await startEngine({ route: { upgrade: () => (called.resolve(), upgrade()) } });
    const client = await request(engine.port, upgradeRequest());
    await called.promise;
    client.write(Buffer.alloc(200_000, "x"));
    expect(await client.answer()).toContain("handshake-early-data");
    decided.resolve();
    client.socket.end();
    expect(await client.closed).toBe("fin");
    expect(engine.names).toEqual(["handshake-early-data"]);
  });

  it("is held in compat and delivered after open", async () => {
    const { decided, upgrade } = slow();
    const log: string[] = [];
    const engine = await startEngine({
      strictness: "compat",
      route: {
        upgrade,
        open: () => void log.push("open"),
        message: (_, data) => void log.push(String(data)),
      },
    });
    const frames = ["a", "b", "c"].map((text) => clientFrame(text));
    const client = await request(engine.port, Buffer.concat([Buffer.from(upgradeRequest()), frames[0]!]));
    client.write(frames[1]!).write(frames[2]!.subarray(0, 3));
    decided.resolve();
    expect(await client.head()).toContain("101");
    client.write(frames[2]!.subarray(3));
    expect(await client.send("", { opcode: 9 }).next()).toBe("pong ");
    expect(log).toEqual(["open", "a", "b", "c"]);
  });

  it("cannot fill memory in compat: beyond the limit the socket is not read", async () => {
    const { decided } = slow();
    let socket: Socket | undefined;
    const engine = await startEngine({
      strictness: "compat",
      maxEarlyDataBytes: 1000,
      maxMessageBytes: 64 * 1024 * 1024,
      route: {
        upgrade({ request }) {
          socket = request.raw.socket;
          return decided.promise;
        },
        message: (connection, data) => void connection.send(String(data.length)),
      },
    });
    const client = await request(engine.port, upgradeRequest());
    client.write(clientFrame(Buffer.alloc(32 * 1024 * 1024, "x")));
    await engine.until(() => socket?.isPaused() === true);
    const { bytesRead = 0 } = socket ?? {};
    expect(bytesRead).toBeLessThan(200_000);
    for (let turn = 0; turn < 50; turn += 1) await settle();
    expect(socket?.bytesRead).toBeLessThan(bytesRead + 200_000);
    decided.resolve();
    await client.head();
    expect(await client.next()).toBe(`text ${32 * 1024 * 1024}`);
  });
});
