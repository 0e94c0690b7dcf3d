/** HTTP requests that cannot be served: each is told why, and the socket serves the next one. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import type Pusher from "pusher";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { AntiphonProcess } from "../support/antiphon-process.ts";
import { startConfiguredServer } from "../support/configured-server.ts";
import { createPublisher } from "../support/publisher.ts";

const app = { id: "14", key: "http-key", secret: "http-secret" };
const disabled = { id: "15", key: "disabled-key", secret: "disabled-secret", enabled: false };

let server: AntiphonProcess;
let backend: Pusher;

beforeAll(async () => {
  server = await startConfiguredServer({ apps: [app, disabled] });
  backend = createPublisher(server, app);
});

afterAll(() => server.stop());

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Whether the socket had served a request before. */
  readonly reusedSocket: boolean;
}

/** Makes requests one after the other on one socket. */
function createOneSocketClient() {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  return async function send(method: string, path: string, body?: string): Promise<Answer> {
    const sent = request({ host: "127.0.0.1", port: server.port, agent, method, path });
    sent.end(body);
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    const { statusCode: status, headers } = response;
    return { status, headers, body: await text(response), reusedSocket: sent.reusedSocket };
  };
}

/** The path of a POST with this body, signed. */
function sign(path: string, body: string, sdk: Pusher = backend): string {
  return `${path}?${sdk.createSignedQueryString({ method: "POST", path, body })}`;
}

/** Writes bytes to a socket and reads until the server closes it. */
async function exchange(bytes: string): Promise<string> {
  const socket = connect(server.port, "127.0.0.1");
  socket.write(bytes);
  return text(socket);
}

describe("signatures", () => {
  it("made with a wrong secret are answered with 401 and the reason", async () => {
    const stranger = createPublisher(server, { ...app, secret: "another-secret" });
    await expect(stranger.trigger("a", "b", {})).rejects.toMatchObject({
      status: 401,
      body: expect.stringMatching(/^\{"error":"auth_signature does not match: .+","code":401\}$/),
    });
  });

  it.each([
    [{ key: "other-key" }, 401, 'auth_key "other-key" is not the key of app 14.'],
    [{ id: "16" }, 404, 'There is no app with the id "16".'],
    [disabled, 403, "The app 15 is disabled."],
  ])("of %j are answered with %i", async (credentials, status, reason) => {
    const stranger = createPublisher(server, { ...app, ...credentials });
    await expect(stranger.trigger("a", "b", {})).rejects.toMatchObject({
      status,
      body: expect.stringContaining(JSON.stringify(reason).slice(1, -1)),
    });
  });

  it("over another body are answered with 401 and both digests", async () => {
    const send = createOneSocketClient();
    const body = '{"name":"a","channel":"b","data":"changed on the way"}';
    const { status, body: answer } = await send("POST", sign("/apps/14/events", "{}"), body);
    expect(status).toBe(401);
    expect(answer).toContain(createHash("md5").update("{}").digest("hex"));
    expect(answer).toContain(createHash("md5").update(body).digest("hex"));
  });

  it("that are absent are answered with 401, and by which parameter", async () => {
    const { status, body } = await createOneSocketClient()("GET", "/apps/14/channels");
    expect(status).toBe(401);
    expect(body).toMatch(/^\{"error":"The query parameter auth_key is absent\. .+","code":401\}$/);
  });
});

describe("one socket", () => {
  it("goes on after every refusal: 404, 405 with Allow, 413, 400, 401, 426", async () => {
    const send = createOneSocketClient();
    expect(await send("GET", "/nothing")).toMatchObject({
      status: 404,
      body: expect.stringMatching(/^\{"error":"There is no route GET \/nothing\. .+","code":404\}$/),
      reusedSocket: false,
    });
    expect(await send("DELETE", "/apps/14/events")).toMatchObject({
      status: 405,
      headers: { allow: "POST" },
      reusedSocket: true,
    });
    expect(await send("POST", "/apps/14/events", "x".repeat(300_000))).toMatchObject({
      status: 413,
      body: expect.stringContaining("The request body is larger than 262144 bytes."),
      reusedSocket: true,
    });
    expect(await send("GET", "/apps/%ff/channels")).toMatchObject({ status: 400, reusedSocket: true });
    expect(await send("POST", "/apps/14/events", "{}")).toMatchObject({ status: 401, reusedSocket: true });
    expect(await send("GET", "/up")).toMatchObject({
      status: 200,
      body: '{"health":"OK"}',
      reusedSocket: true,
    });
    expect(await send("GET", `/app/${app.key}`)).toMatchObject({
      status: 426,
      headers: { upgrade: "websocket" },
      reusedSocket: true,
    });
  });

  it("serves a thousand publishes", async () => {
    const send = createOneSocketClient();
    const body = '{"name":"a","channel":"b","data":"c"}';
    const path = sign("/apps/14/events", body);
    await send("POST", path, body);
    for (let count = 1; count < 1000; count += 1) {
      const { status, reusedSocket, body: answer } = await send("POST", path, body);
      if (status !== 200 || !reusedSocket || answer !== "{}") throw new Error(`request ${count}: ${answer}`);
    }
  });
});

describe("bodies", () => {
  it.each([
    ["not JSON", "{", "The request body is not JSON"],
    ["an array", "[]", "The request body is JSON, but an array, not an object."],
    ["without a name", '{"channel":"a","data":""}', "The field name is missing."],
    ["without data", '{"channel":"a","name":"b"}', "The field data is missing."],
    ["without a channel", '{"name":"a","data":""}', "is missing."],
    ["to an impossible channel", '{"name":"a","channel":"a b","data":""}', 'The channel name \\"a b\\"'],
    ["with a reserved name", '{"name":"pusher:x","channel":"a","data":""}', "starts with pusher:"],
    ["without a valid socket id", '{"name":"a","channel":"a","data":"","socket_id":"x"}', "socket_id"],
  ])("%s are answered with 400", async (_what, body, reason) => {
    const answer = await createOneSocketClient()("POST", sign("/apps/14/events", body), body);
    expect(answer.status).toBe(400);
    expect(answer.body).toContain(reason);
  });

  it("with too much data are answered with 413", async () => {
    await expect(backend.trigger("a", "b", "x".repeat(10_241))).rejects.toMatchObject({
      status: 413,
      body: expect.stringContaining("The field data has 10241 bytes; 10240 are allowed."),
    });
  });

  it("of a batch are published all or not at all", async () => {
    const cached = { channel: "cache-batch", name: "a", data: "b" };
    await expect(backend.triggerBatch([cached, { ...cached, channel: "a b" }])).rejects.toMatchObject({
      status: 400,
    });
    const response = await backend.get({ path: "/channels/cache-batch", params: { info: "cache" } });
    expect(await response.json()).toEqual({ occupied: false, cache: null });
  });

  it("may come in chunks, and after 100 Continue", async () => {
    const body = '{"name":"a","channel":"b","data":"c"}';
    const path = sign("/apps/14/events", body);
    const chunked = `4\r\n${body.slice(0, 4)}\r\n${(body.length - 4).toString(16)}\r\n${body.slice(4)}\r\n0\r\n\r\n`;
    const answer = await exchange(
      `POST ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
    expect(answer).toMatch(/\r\n\r\n\{\}$/);
  });
});

describe("bytes that are no request", () => {
  it.each([
    ["no HTTP", "HELLO\r\n\r\n", 400, "handshake-malformed-http"],
    ["TLS on a port without", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "tls"],
    [
      "a head of 20 kB",
      `GET / HTTP/1.1\r\nX: ${"y".repeat(20_000)}\r\n\r\n`,
      431,
      "handshake-headers-too-large",
    ],
  ])("%s is answered with its failure", async (_what, bytes, status, failure) => {
    const answer = await exchange(bytes);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).toContain(failure);
  });

  it.each([
    ["version 8", "Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", 426],
    ["a short key", "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short", 400],
    ["no key", "Sec-WebSocket-Version: 13", 400],
    [
      "a frame right behind it",
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\nframe",
      400,
    ],
  ])("a handshake with %s is refused with a status, a name and a fix", async (_what, headers, status) => {
    const answer = await exchange(
      `GET /app/${app.key} HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${headers}\r\n\r\n`,
    );
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).toMatch(/\r\n\r\nhandshake-[a-z-]+\n.+\n.+/);
    expect(answer).toMatch(/\r\nConnection: .*close\r\n/);
  });
});
