/**
 * Every code of the Pusher protocol that one node can show: the exact error event and the close code, as a client that
 * hides nothing sees them.
 */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { AntiphonProcess } from "../support/antiphon-process.ts";
import { type AppSettings, startConfiguredServer } from "../support/configured-server.ts";
import { createPublisher } from "../support/publisher.ts";
import { connectRawClient, pusherUrl, RawClient, type RawClientOptions } from "../support/raw-client.ts";

const open = { id: "1", key: "open-key", secret: "open-secret", events: { clientEvents: "members" } };
const big = {
  id: "9",
  key: "big-key",
  secret: "s9",
  connection: { maxBufferedBytes: 2_097_152 },
  events: { maxDataBytes: 1_000_000 },
};
const apps: readonly AppSettings[] = [
  open,
  big,
  { id: "2", key: "disabled-key", secret: "s2", enabled: false },
  { id: "3", key: "tls-key", secret: "s3", connection: { requireTls: true } },
  { id: "4", key: "strict-key", secret: "s4", connection: { strictProtocol: true } },
  { id: "5", key: "origin-key", secret: "s5", connection: { allowedOrigins: ["*.example.com"] } },
  { id: "6", key: "one-key", secret: "s6", connection: { maxConnections: 1 } },
  { id: "7", key: "impatient-key", secret: "s7", connection: { pingIntervalMs: 100, pongTimeoutMs: 100 } },
  {
    id: "8",
    key: "sign-in-key",
    secret: "s8",
    connection: { requireUserAuthentication: true, userAuthenticationTimeoutMs: 100 },
  },
];

let server: AntiphonProcess;

beforeAll(async () => {
  server = await startConfiguredServer({ apps });
});

afterAll(() => server.stop());

/** Everything the server says on one connection, to its end. */
async function listenToTheEnd(url: string, options?: RawClientOptions) {
  const client = new RawClient(url, options);
  const close = await client.closed;
  return { messages: client.unread, close };
}

/** A refusal: the error event alone, then the close with the same text. */
function refusal(code: number, message: string) {
  return {
    messages: [`{"event":"pusher:error","data":{"code":${code},"message":${JSON.stringify(message)}}}`],
    close: { code, reason: message },
  };
}

const url = (key: string, query?: string): string => pusherUrl(server, key, query);

describe("handshakes that are refused inside the WebSocket", () => {
  it("4000: an app that demands TLS", async () => {
    expect(await listenToTheEnd(url("tls-key"))).toEqual(
      refusal(4000, "This app accepts only encrypted connections, and this one is not."),
    );
  });

  it("4001: an unknown key", async () => {
    expect(await listenToTheEnd(url("nobodys-key"))).toEqual(
      refusal(4001, 'No app has the key "nobodys-key".'),
    );
  });

  it("4003: a disabled app", async () => {
    expect(await listenToTheEnd(url("disabled-key"))).toEqual(refusal(4003, "This app is disabled."));
  });

  it("4004: an app that has all its connections, until one of them goes", async () => {
    const { client } = await connectRawClient(url("one-key"));
    expect(await listenToTheEnd(url("one-key"))).toEqual(
      refusal(4004, "This app already has its 1 allowed connections."),
    );
    await client.close();
    await connectRawClient(url("one-key"));
  });

  it.each(["/", "/app", "/apps/open-key", "/app/open-key/more"])("4005: the path %s", async (path) => {
    expect(await listenToTheEnd(`ws://127.0.0.1:${server.port}${path}?protocol=7`)).toEqual(
      refusal(4005, `The path ${path} is not /app/KEY.`),
    );
  });

  it.each(["seven", "7.0", "7;"])("4006: the protocol version %s", async (version) => {
    expect(await listenToTheEnd(url("open-key", `protocol=${encodeURIComponent(version)}`))).toEqual(
      refusal(4006, `The protocol version "${version}" is not a whole number.`),
    );
  });

  it.each(["3", "8", "0", "-1"])("4007: the protocol version %s", async (version) => {
    expect(await listenToTheEnd(url("open-key", `protocol=${version}`))).toEqual(
      refusal(4007, `Protocol version ${version} is not supported; this server speaks 4 to 7.`),
    );
  });

  it("4008: no protocol version, where the app is strict", async () => {
    expect(await listenToTheEnd(url("strict-key", ""))).toEqual(
      refusal(4008, "The URL names no protocol version, and this app demands one."),
    );
  });

  it("4009: a page from a foreign origin", async () => {
    const origin = "https://example.com.evil.org";
    expect(await listenToTheEnd(url("origin-key"), { origin })).toEqual(
      refusal(4009, `Pages from the origin ${origin} may not connect to this app.`),
    );
  });
});

describe("a node without memory to spare", () => {
  it("4100: refuses every newcomer", async () => {
    // A heap so small that the server alone fills more than a hundredth of it.
    const full = await startConfiguredServer(
      { apps: [open], health: { memoryThresholdPercent: 1 } },
      { env: { NODE_OPTIONS: "--max-old-space-size=128" } },
    );
    onTestFinished(async () => void (await full.stop()));
    expect(await listenToTheEnd(pusherUrl(full, open.key))).toEqual(
      refusal(4100, "This server is at its capacity."),
    );
  });
});

describe("handshakes that are accepted", () => {
  it.each(["", "protocol=4", "protocol=7&client=js&version=8.6.0&flash=false&x=1&x=2"])(
    "with the query “%s”",
    async (query) => {
      await connectRawClient(url("open-key", query));
    },
  );

  it("from a page of an allowed origin, and from a client without one", async () => {
    await connectRawClient(url("origin-key"), { origin: "https://app.example.com" });
    await connectRawClient(url("origin-key"));
  });

  it("with the subprotocol of Pusher's Swift client echoed, and none where none is offered", async () => {
    const subprotocols = ["pusher-channels-protocol-7"];
    const offering = await connectRawClient(url("open-key", ""), { subprotocols });
    expect(offering.client.subprotocol).toBe("pusher-channels-protocol-7");
    const silent = await connectRawClient(url("open-key"));
    expect(silent.client.subprotocol).toBe("");
  });
});

describe("sessions that are ended", () => {
  it("4009: no signin in time, where the app demands one", async () => {
    const { client } = await connectRawClient(url("sign-in-key"));
    const text = "The connection neither signed in nor joined a private or presence channel within 0.1 s.";
    expect(await client.next()).toBe(refusal(4009, text).messages[0]);
    expect(await client.closed).toEqual({ code: 4009, reason: text });
  });

  it("4009: a signin with a wrong signature", async () => {
    const { client, socketId } = await connectRawClient(url("open-key"));
    const stranger = createPublisher(server, { ...open, secret: "another-secret" });
    client.send({ event: "pusher:signin", data: stranger.authenticateUser(socketId, { id: "1" }) });
    expect(await client.next()).toMatch(
      /^\{"event":"pusher:error","data":\{"code":4009,"message":"Invalid signature: .+"\}\}$/,
    );
    expect(await client.closed).toMatchObject({ code: 4009, reason: expect.stringMatching(/^Invalid sig/) });
  });

  it("4009: more than ten malformed messages in a minute", async () => {
    const { client } = await connectRawClient(url("open-key"));
    for (let count = 0; count < 11; count += 1) client.send("not JSON");
    const malformed = '{"event":"pusher:error","data":{"code":null,"message":"The message is not JSON."}}';
    for (let count = 0; count < 10; count += 1) expect(await client.next()).toBe(malformed);
    const text = "More than 10 malformed messages were sent within a minute.";
    expect(await client.next()).toBe(refusal(4009, text).messages[0]);
    expect(await client.closed).toEqual({ code: 4009, reason: text });
  });

  it("4009: the backend terminates the user", async () => {
    const { client, socketId } = await connectRawClient(url("open-key"));
    const backend = createPublisher(server, open);
    client.send({ event: "pusher:signin", data: backend.authenticateUser(socketId, { id: "gone" }) });
    await client.next();
    await backend.terminateUserConnections("gone");
    const text = "You got disconnected by the app.";
    expect(await client.next()).toBe(refusal(4009, text).messages[0]);
    expect(await client.closed).toEqual({ code: 4009, reason: text });
  });

  it("4100: a client that does not read what it is sent, while one that does gets everything", async () => {
    const { client: fast } = await connectRawClient(url("big-key"));
    const { client: slow } = await connectRawClient(url("big-key"));
    for (const client of [fast, slow]) {
      client.subscribe("big");
      await client.next();
    }
    slow.pauseReading();
    const backend = createPublisher(server, big);
    // More than the network's buffers take.
    for (let count = 0; count < 24; count += 1) {
      await backend.trigger("big", "event", "x".repeat(1_000_000));
      expect((await fast.next()).length).toBeGreaterThan(1_000_000);
    }
    await server.printed('"failure":"session-client-too-slow"');
    slow.resumeReading();
    expect(await slow.closed).toMatchObject({
      code: 4100,
      reason: expect.stringMatching(
        /^The client is too slow: \d+ bytes wait to be sent, 2097152 are allowed\.$/,
      ),
    });
    expect(slow.unread.at(-1)).toMatch(/^\{"event":"pusher:error","data":\{"code":4100,/);
  });

  it("4201: a client that answers no ping, while one that does stays", async () => {
    const { client: alive } = await connectRawClient(url("impatient-key"));
    const { client: silent } = await connectRawClient(url("impatient-key"), { autoPong: false });
    const text = "The client gave no sign of life for 0.1 s after a ping.";
    expect(await silent.next()).toBe(refusal(4201, text).messages[0]);
    expect(await silent.closed).toEqual({ code: 4201, reason: text });
    expect(await alive.settle()).toEqual([]);
  });
});

describe("events that are refused on a connection that stays", () => {
  it.each([
    ["public", { event: "client-x", channel: "news", data: {} }, "Client events are not allowed on news."],
    [
      "outsider's",
      { event: "client-x", channel: "private-a", data: {} },
      "The client is not subscribed to private-a.",
    ],
    ["channelless", { event: "client-x", data: {} }, "The client event names no channel."],
  ])("4301: a %s client event", async (_which, message, text) => {
    const { client } = await connectRawClient(url("open-key"));
    client.send(message);
    const channel = "channel" in message ? `"channel":"${message.channel}",` : "";
    expect(await client.settle()).toEqual([
      `{"event":"pusher:error",${channel}"data":{"code":4301,"message":"${text}"}}`,
    ]);
  });

  it("4301: client events where the app has none", async () => {
    const { client } = await connectRawClient(url("origin-key"));
    client.send({ event: "client-x", channel: "private-a", data: {} });
    expect(await client.settle()).toEqual([
      '{"event":"pusher:error","channel":"private-a","data":{"code":4301,"message":"The app does not have client messaging enabled."}}',
    ]);
  });
});
