import { describe, expect, it } from "vitest";
import { createDeferred } from "../../../../test/support/deferred.ts";
import {
  acceptFor,
  type RawAnswer,
  readHeader,
  startRawServer,
  switchProtocols,
} from "../../../../test/support/raw-server.ts";
import { connect } from "./connect.ts";
import { ConnectError } from "./connect-error.ts";
import type { ConnectOptions } from "./connect-options.ts";

/** The error of a connect that must not succeed. */
async function refusedBy(answer: RawAnswer, options: ConnectOptions = {}): Promise<ConnectError> {
  const { port } = await startRawServer(answer);
  return failureOf(`ws://127.0.0.1:${port}/chat`, options);
}

async function failureOf(url: string, options: ConnectOptions = {}): Promise<ConnectError> {
  const error: unknown = await connect(url, options).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ConnectError)) throw new Error(`no ConnectError but ${String(error)}`);
  return error;
}

const lines = (...texts: readonly string[]): string => [...texts, "", ""].join("\r\n");

describe("handshake request (RFC 6455 §4.1)", () => {
  it("holds exactly what the RFC asks for, with a fresh key each time", async () => {
    const server = await startRawServer((request, socket) => socket.write(switchProtocols(request)));
    const url = `ws://127.0.0.1:${server.port}/chat?room=1`;
    const clients = [await connect(url), await connect(url)];
    const [first = "", second = ""] = server.requests;
    const key = readHeader(first, "sec-websocket-key") ?? "";
    expect(first).toBe(
      lines(
        "GET /chat?room=1 HTTP/1.1",
        `Host: 127.0.0.1:${server.port}`,
        "Upgrade: websocket",
        "Connection: Upgrade",
        `Sec-WebSocket-Key: ${key}`,
        "Sec-WebSocket-Version: 13",
      ),
    );
    expect(Buffer.from(key, "base64")).toHaveLength(16);
    expect(readHeader(second, "sec-websocket-key")).not.toBe(key);
    for (const client of clients) client.terminate();
  });

  it("carries origin, subprotocols, the deflate offer, headers, and user info as Basic", async () => {
    const server = await startRawServer((request, socket) =>
      socket.write(switchProtocols(request, "Sec-WebSocket-Protocol: b")),
    );
    const client = await connect(`http://user:p%40ss@127.0.0.1:${server.port}/`, {
      origin: "https://site.example",
      subprotocols: ["a", "b"],
      deflate: true,
      headers: { "X-Trace": "7" },
    });
    const [request = ""] = server.requests;
    expect(readHeader(request, "authorization")).toBe(`Basic ${btoa("user:p@ss")}`);
    expect(readHeader(request, "origin")).toBe("https://site.example");
    expect(readHeader(request, "sec-websocket-protocol")).toBe("a, b");
    expect(readHeader(request, "sec-websocket-extensions")).toBe(
      "permessage-deflate; client_max_window_bits",
    );
    expect(readHeader(request, "x-trace")).toBe("7");
    expect(client.subprotocol).toBe("b");
    expect(client.url).toBe(`ws://127.0.0.1:${server.port}/`);
    client.terminate();
  });

  it.each([
    ["ftp://a.example/", {}, "url-invalid"],
    ["not a url", {}, "url-invalid"],
    ["ws://a.example/#part", {}, "url-has-fragment"],
    ["ws://a.example/", { headers: { Upgrade: "h2c" } }, "request-header-not-allowed"],
    ["ws://a.example/", { subprotocols: ["a", "a"] }, "request-subprotocol-invalid"],
    ["ws://a.example/", { proxy: "socks5://a.example" }, "proxy-url-invalid"],
  ])("%s with %o is not sent: %s", async (url, options, code) => {
    const lookup = (): never => {
      throw new Error("nothing may be looked up");
    };
    await expect(connect(url, { ...options, lookup })).rejects.toMatchObject({ code });
  });
});

describe("judgement of the answer (RFC 6455 §4.1), in its order", () => {
  const replace =
    (from: RegExp | string, to: string): RawAnswer =>
    (request, socket) =>
      socket.write(switchProtocols(request).replace(from, to));
  const add =
    (...extra: readonly string[]): RawAnswer =>
    (request, socket) =>
      socket.write(switchProtocols(request, ...extra));

  it.each<[string, RawAnswer, ConnectOptions, string]>([
    ["SSH", (_, socket) => socket.write("SSH-2.0-OpenSSH_9.2\r\n"), {}, "response-malformed-http"],
    [
      "a TLS alert",
      (_, socket) => socket.write(Buffer.from("15030100020250", "hex")),
      {},
      "plain-http-sent-to-tls-port",
    ],
    ["a frame", (_, socket) => socket.write(Buffer.from("810141", "hex")), {}, "server-frame-before-101"],
    ["nothing and a FIN", (_, socket) => socket.end(), {}, "response-closed-early"],
    ["nothing and a reset", (_, socket) => socket.resetAndDestroy(), {}, "response-closed-early"],
    ["half a head and a FIN", (_, socket) => socket.end("HTTP/1.1 101 Sw"), {}, "response-closed-early"],
    ["17 KiB of headers", add(`X: ${"x".repeat(17_000)}`), {}, "response-headers-too-large"],
    ["HTTP/1.0", replace("HTTP/1.1", "HTTP/1.0"), {}, "response-malformed-http"],
    ["no Upgrade", replace("Upgrade: websocket\r\n", ""), {}, "response-upgrade-header-invalid"],
    ["Upgrade: h2c", replace("Upgrade: websocket", "Upgrade: h2c"), {}, "response-upgrade-header-invalid"],
    ["no Connection", replace("Connection: Upgrade\r\n", ""), {}, "response-connection-header-invalid"],
    [
      "Connection: close",
      replace("Connection: Upgrade", "Connection: close"),
      {},
      "response-connection-header-invalid",
    ],
    ["no Accept", replace(/Sec-WebSocket-Accept: .*\r\n/, ""), {}, "response-accept-missing"],
    ["a wrong Accept", replace(/Accept: .*\r\n/, "Accept: aGVsbG8=\r\n"), {}, "response-accept-mismatch"],
    [
      "two Accepts",
      (request, socket) =>
        socket.write(switchProtocols(request, `Sec-WebSocket-Accept: ${acceptFor(request)}`)),
      {},
      "response-accept-duplicated",
    ],
    ["a body length", add("Content-Length: 0"), {}, "response-has-body-headers"],
    [
      "deflate unasked",
      add("Sec-WebSocket-Extensions: permessage-deflate"),
      {},
      "response-extension-unrequested",
    ],
    [
      "another extension",
      add("Sec-WebSocket-Extensions: x-gzip"),
      { deflate: true },
      "response-extension-unrequested",
    ],
    [
      "an unknown parameter",
      add("Sec-WebSocket-Extensions: permessage-deflate; level=9"),
      { deflate: true },
      "response-deflate-parameter-invalid",
    ],
    [
      "too large a window",
      add("Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=15"),
      { deflate: { serverMaxWindowBits: 10 } },
      "response-deflate-window-larger-than-offered",
    ],
    [
      "takeover against our wish",
      add("Sec-WebSocket-Extensions: permessage-deflate"),
      { deflate: { serverNoContextTakeover: true } },
      "response-deflate-takeover-ignored",
    ],
    ["a subprotocol unasked", add("Sec-WebSocket-Protocol: a"), {}, "response-subprotocol-unrequested"],
    [
      "the list of subprotocols",
      add("Sec-WebSocket-Protocol: a, b"),
      { subprotocols: ["a", "b"] },
      "response-subprotocol-list-echoed",
    ],
    [
      "no subprotocol where one is required",
      add(),
      { subprotocols: ["a"], subprotocolRequired: true },
      "response-subprotocol-missing",
    ],
  ])("%s", async (_name, answer, options, code) => {
    const error = await refusedBy(answer, options);
    expect(error.code).toBe(code);
    expect(error.failure.evidence).toMatchObject({
      tcpMs: expect.any(Number),
      upgradeMs: expect.any(Number),
    });
  });

  it("takes a missing subprotocol as an empty one by default", async () => {
    const { port } = await startRawServer((request, socket) => socket.write(switchProtocols(request)));
    const client = await connect(`ws://127.0.0.1:${port}`, { subprotocols: "a" });
    expect(client.subprotocol).toBe("");
    client.terminate();
  });

  it("warns about Content-Length: 0 on a 101 in compat", async () => {
    const { port } = await startRawServer((request, socket) =>
      socket.write(switchProtocols(request, "Content-Length: 0")),
    );
    const warnings: string[] = [];
    const onFailure = ({ name }: { name: string }): number => warnings.push(name);
    const client = await connect(`ws://127.0.0.1:${port}`, { strictness: "compat", onFailure });
    expect(warnings).toEqual(["response-has-body-headers"]);
    client.terminate();
  });

  it("closes with 1010 and the missing name if deflate was required", async () => {
    const received = createDeferred<Buffer>();
    const error = await refusedBy(
      (request, socket) => {
        socket.once("data", (bytes: Buffer) => received.resolve(bytes));
        socket.write(switchProtocols(request));
      },
      { deflate: true, deflateRequired: true },
    );
    expect(error.code).toBe("required-extension-not-accepted");
    const frame = await received.promise;
    const payload = frame.subarray(6).map((byte, index) => byte ^ frame[2 + (index % 4)]!);
    expect(Buffer.from(payload).toString("latin1")).toBe("\x03\xf2permessage-deflate");
  });
});

describe("an answer with another status", () => {
  it.each([
    [200, "response-status-200", "after-change"],
    [204, "response-status-not-101", "after-change"],
    [301, "response-redirect", "after-change"],
    [307, "response-redirect", "after-change"],
    [400, "response-bad-request", "after-change"],
    [401, "response-unauthorized", "after-change"],
    [403, "response-forbidden", "after-change"],
    [404, "response-not-found", "after-change"],
    [407, "proxy-auth-required", "after-change"],
    [418, "response-status-not-101", "after-change"],
    [426, "response-upgrade-required", "after-change"],
    [429, "response-rate-limited", "backoff"],
    [500, "response-server-error", "backoff"],
    [502, "response-gateway-error", "backoff"],
    [503, "response-unavailable", "backoff"],
    [511, "proxy-injected-html", "backoff"],
    [521, "response-gateway-error", "backoff"],
  ])("%d is %s, retry %s", async (status, code, retry) => {
    const error = await refusedBy((_, socket) =>
      socket.write(lines(`HTTP/1.1 ${status} No`, "Content-Length: 0")),
    );
    expect(error.failure).toMatchObject({ name: code, retry });
    expect(error.response?.status).toBe(status);
  });

  it("keeps headers, Retry-After and body on the error, where nothing prints them", async () => {
    const error = await refusedBy((_, socket) =>
      socket.write(`${lines("HTTP/1.1 503 Busy", "Retry-After: 7", "Content-Length: 6", "X-Node: 3")}secret`),
    );
    const { response } = error;
    expect(response?.reasonPhrase).toBe("Busy");
    expect(response?.retryAfterMs).toBe(7000);
    expect(response?.headers).toContainEqual(["X-Node", "3"]);
    expect(Buffer.from(response?.body ?? []).toString()).toBe("secret");
    const { inspect } = await import("node:util");
    expect(inspect(error) + JSON.stringify(error)).not.toContain("secret");
  });

  it.each([
    ["chunked", "Transfer-Encoding: chunked", "5\r\nhello\r\n7;x=y\r\n, world\r\n0\r\n\r\n"],
    ["ended by FIN", "X: y", "hello, world"],
  ])("gives a body that is %s", async (_name, header, body) => {
    const error = await refusedBy((_, socket) => socket.end(lines("HTTP/1.1 404 Not Found", header) + body));
    expect(Buffer.from(error.response?.body ?? []).toString()).toBe("hello, world");
  });

  it("keeps 64 KiB of a body without end", async () => {
    const error = await refusedBy((_, socket) => {
      socket.write(lines("HTTP/1.1 404 Not Found"));
      socket.write("x".repeat(200_000));
    });
    expect(error.response?.body).toHaveLength(65_536);
  });

  it("stands although its body never comes", async () => {
    const answer: RawAnswer = (_, socket) => socket.write(lines("HTTP/1.1 404 No", "Content-Length: 9"));
    const error = await refusedBy(answer, { connectTimeoutMs: 100 });
    expect(error.code).toBe("response-not-found");
  });

  it("400 that speaks of an HTTPS port is a wrong scheme", async () => {
    const body = "The plain HTTP request was sent to HTTPS port";
    const error = await refusedBy((_, socket) => socket.end(lines("HTTP/1.1 400 Bad Request") + body));
    expect(error.code).toBe("plain-http-sent-to-tls-port");
  });
});

describe("redirects (RFC 9110 §15.4)", () => {
  const redirectTo = (location: string): string =>
    lines("HTTP/1.1 302 Found", `Location: ${location}`, "Content-Length: 0");

  it("are followed when allowed, with a new key, and credentials stay with their host", async () => {
    const target = await startRawServer((request, socket) => socket.write(switchProtocols(request)));
    const first = await startRawServer((_, socket) =>
      socket.end(redirectTo(`http://127.0.0.1:${target.port}/new`)),
    );
    const client = await connect(`ws://u:p@127.0.0.1:${first.port}/old`, {
      maxRedirects: 1,
      headers: { "X-Trace": "7" },
    });
    expect(client.url).toBe(`ws://127.0.0.1:${target.port}/new`);
    const [before = "", after = ""] = [...first.requests, ...target.requests];
    expect(readHeader(before, "authorization")).toBeDefined();
    expect(readHeader(after, "authorization")).toBeUndefined();
    expect(readHeader(after, "x-trace")).toBe("7");
    expect(readHeader(after, "sec-websocket-key")).not.toBe(readHeader(before, "sec-websocket-key"));
    client.terminate();
  });

  it("are a failure by default, and a loop when they lead back", async () => {
    const server = await startRawServer((_, socket) => socket.end(redirectTo("/chat")));
    const url = `ws://127.0.0.1:${server.port}/chat`;
    expect((await failureOf(url)).code).toBe("response-redirect");
    expect((await failureOf(url, { maxRedirects: 5 })).code).toBe("response-redirect-loop");
    expect(server.requests).toHaveLength(2);
  });
});

describe("frames glued to the 101", () => {
  it("are received, an empty one of two bytes included", async () => {
    const { port } = await startRawServer((request, socket) => {
      const frames = Buffer.from("8100" + "810141" + "8102", "hex");
      socket.write(Buffer.concat([Buffer.from(switchProtocols(request)), frames]));
      socket.write("BC");
    });
    const client = await connect(`ws://127.0.0.1:${port}`);
    const received = [await client.receive(), await client.receive(), await client.receive()];
    expect(received).toEqual(["", "A", "BC"].map((data) => ({ type: "message", data })));
    client.terminate();
  });

  it("are received when each byte of 101 and frame comes alone", async () => {
    const { port } = await startRawServer((request, socket) => {
      socket.setNoDelay(true);
      const bytes = Buffer.concat([Buffer.from(switchProtocols(request)), Buffer.from("8100", "hex")]);
      const writeNext = (at: number): void => {
        if (at < bytes.length)
          socket.write(bytes.subarray(at, at + 1), () => setImmediate(writeNext, at + 1));
      };
      writeNext(0);
    });
    const client = await connect(`ws://127.0.0.1:${port}`);
    expect(await client.receive()).toEqual({ type: "message", data: "" });
    client.terminate();
  });
});

describe("time and abort", () => {
  const never = (): void => {};

  it("names the stage that the deadline meets", async () => {
    const inDns = await failureOf("ws://slow.example", { connectTimeoutMs: 20, lookup: never });
    expect(inDns.code).toBe("dns-lookup-failed");
    expect(inDns.timings).toEqual({ dnsMs: expect.any(Number) });
    const inUpgrade = await refusedBy(never, { connectTimeoutMs: 50 });
    expect(inUpgrade.failure).toMatchObject({ name: "response-timeout", evidence: { timeoutMs: 50 } });
    const { port } = await startRawServer(never);
    const inTls = await failureOf(`wss://127.0.0.1:${port}`, { connectTimeoutMs: 50 });
    expect(inTls.code).toBe("tls-handshake-timeout");
    const proxy = `http://127.0.0.1:${port}`;
    const inProxy = await failureOf("ws://a.example", { connectTimeoutMs: 50, proxy });
    expect(inProxy.code).toBe("proxy-connect-timeout");
  });

  it("names a name without address and a port without listener", async () => {
    const notFound = Object.assign(new Error("getaddrinfo ENOTFOUND"), { code: "ENOTFOUND" });
    const dns = await failureOf("ws://nowhere.example", {
      lookup: (_name, _options, callback) => callback(notFound, ""),
    });
    expect(dns.message).toBe(
      "dns-lookup-failed: The name nowhere.example has no address: ENOTFOUND. Check the host name in the URL and the machine's DNS settings.",
    );
    expect(dns.cause).toBe(notFound);
    const refused = await failureOf("ws://127.0.0.1:1");
    expect(refused.failure).toMatchObject({
      name: "tcp-connect-refused",
      evidence: { address: "127.0.0.1:1" },
    });
  });

  it.each<[string, (abort: AbortController) => ConnectOptions, string]>([
    ["before anything", (abort) => (abort.abort("why"), {}), "ws://a.example"],
    ["in DNS", (abort) => ({ lookup: () => abort.abort("why") }), "ws://a.example"],
  ])("an abort %s rejects with its reason as the cause", async (_name, prepare, url) => {
    const abort = new AbortController();
    const error = await failureOf(url, { ...prepare(abort), signal: abort.signal });
    expect(error).toMatchObject({ code: "connect-aborted-by-caller", cause: "why" });
  });

  it.each([
    ["in TLS", "wss", undefined],
    ["in the upgrade", "ws", undefined],
    ["in the proxy", "ws", "proxy"],
    ["in the body of a refusal", "ws", lines("HTTP/1.1 404 No", "Content-Length: 9")],
  ])("an abort %s ends the socket", async (_name, scheme, answer) => {
    const abort = new AbortController();
    const closed = createDeferred();
    const { createServer } = await import("node:net");
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.on("close", () => closed.resolve());
      socket.once("data", () => {
        if (answer === undefined || answer === "proxy") abort.abort(new Error("enough"));
        else socket.write(answer, () => setImmediate(() => abort.abort(new Error("enough"))));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const proxy = answer === "proxy" ? { proxy: `http://127.0.0.1:${port}` } : {};
    const error = await failureOf(`${scheme}://127.0.0.1:${port}`, { signal: abort.signal, ...proxy });
    expect(error).toMatchObject({ code: "connect-aborted-by-caller", cause: { message: "enough" } });
    await closed.promise;
    server.close();
  });

  it("an abort after the opening changes nothing", async () => {
    const abort = new AbortController();
    const { port } = await startRawServer((request, socket) => socket.write(switchProtocols(request)));
    const client = await connect(`ws://127.0.0.1:${port}`, { signal: abort.signal });
    abort.abort();
    expect(client.isOpen).toBe(true);
    client.terminate();
  });
});
